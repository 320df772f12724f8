drop view if exists open_orders;
create view open_orders as select id from orders;
