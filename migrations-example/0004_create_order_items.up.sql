create table order_items (
    order_id bigint not null references orders (id),
    product_id bigint not null references products (id),
    quantity integer not null,
    price decimal(10, 2) not null,
    primary key (order_id, product_id)
);
