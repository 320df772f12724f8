-- deploy shop:cleanup

BEGIN;

select 1;

COMMIT;
