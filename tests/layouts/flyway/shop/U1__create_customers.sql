drop table ${app_schema}.customers;
