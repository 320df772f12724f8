-- verify shop:users

BEGIN;

select 1;

ROLLBACK;
