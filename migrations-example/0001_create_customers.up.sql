-- Identifiers are given by the application, so that the same statements run on every database.
create table customers (
    id bigint not null primary key,
    email varchar(200) not null unique,
    name varchar(200) not null,
    created_at timestamp not null default current_timestamp
);
