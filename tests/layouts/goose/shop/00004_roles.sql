-- +goose Up
-- +goose ENVSUB ON
create role ${READER:-reporting};
grant select on customers to $READER;
-- +goose ENVSUB OFF
comment on table customers is 'costs $READER';
