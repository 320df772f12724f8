-- deploy shop:users

BEGIN;

select 1;

COMMIT;
