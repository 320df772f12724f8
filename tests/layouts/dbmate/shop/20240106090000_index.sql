-- migrate:up transaction:false
create index concurrently customers_name on customers (name);
analyze customers;

-- migrate:down
drop index customers_name;
