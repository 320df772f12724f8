create table payments (
    id bigint not null primary key,
    order_id bigint not null references orders (id),
    amount decimal(10, 2) not null,
    paid_at timestamp not null default current_timestamp
);

create index payments_order on payments (order_id);
