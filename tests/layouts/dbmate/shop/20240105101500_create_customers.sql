-- migrate:up
create table customers (id integer primary key, name text);

-- migrate:down
drop table customers;
