-- +goose NO TRANSACTION
-- +goose Up
create index concurrently customers_name on customers (name);
analyze customers;

-- +goose Down
drop index concurrently customers_name;
