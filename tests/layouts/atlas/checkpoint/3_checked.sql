-- atlas:txtar

-- checks.sql --
select count(*) = 0 from a;

-- migration.sql --
drop table a;

-- down.sql --
create table a (id int);
