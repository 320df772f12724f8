-- +goose Up
create table customers (id bigint primary key, name text);
insert into customers values (1, 'a;b');

-- +goose Down
drop table customers;
