-- Only forward.
-- migrate:up
select 1;
