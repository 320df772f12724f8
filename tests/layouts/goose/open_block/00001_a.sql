-- +goose Up
select 1;
-- +goose StatementBegin
select 2;
