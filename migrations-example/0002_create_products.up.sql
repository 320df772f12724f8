create table products (
    id bigint not null primary key,
    sku varchar(40) not null unique,
    title varchar(200) not null,
    price decimal(10, 2) not null
);

-- A table that is born in the same file has no readers yet: an index on it blocks nobody.
create index products_title on products (title);
