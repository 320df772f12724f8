BEGIN;
create table a (id integer);
COMMIT;
