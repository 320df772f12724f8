-- migrate:phase expand
create table orders (id integer primary key);
