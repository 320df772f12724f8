-- revert shop:users

BEGIN;

select 1;

COMMIT;
