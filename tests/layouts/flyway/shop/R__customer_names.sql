-- ${flyway:timestamp} from ${flyway:filename}
create or replace view ${app_schema}.customer_names as select id from ${app_schema}.customers;
