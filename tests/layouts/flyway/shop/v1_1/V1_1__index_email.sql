create index concurrently customers_email on ${app_schema}.customers (email);
reindex table concurrently ${app_schema}.customers;
