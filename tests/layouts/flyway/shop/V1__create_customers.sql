create table ${app_schema}.customers (
  id bigint primary key,
  email varchar(200) not null
);
