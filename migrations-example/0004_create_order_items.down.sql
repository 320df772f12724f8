-- The repeatable view reads this table; the next `migrate up` makes it again.
drop view if exists order_totals;
drop table order_items;
