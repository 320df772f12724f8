create table t (a int);
-- migrate:up
select 1;
-- migrate:down
