-- migrate:up
alter table customers add column phone text;
-- migrate:down
alter table customers drop column phone;
-- migrate:up
alter table customers add column mobile text;
-- migrate:down
alter table customers drop column mobile;
