-- Repeatable: it runs again, after all others, whenever this text changes.
drop view if exists order_totals;

create view order_totals as
select orders.id as order_id, orders.customer_id, sum(order_items.quantity * order_items.price) as total
from orders
join order_items on order_items.order_id = orders.id
group by orders.id, orders.customer_id;
