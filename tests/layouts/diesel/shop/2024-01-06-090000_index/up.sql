create index concurrently customers_name on customers (name);
analyze customers;
