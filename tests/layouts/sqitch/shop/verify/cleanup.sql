-- verify shop:cleanup

BEGIN;

select 1;

ROLLBACK;
