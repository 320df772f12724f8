create table orders (
    id bigint not null primary key,
    customer_id bigint not null references customers (id),
    state varchar(20) not null default 'open',
    placed_at timestamp not null default current_timestamp
);

create index orders_customer on orders (customer_id);
