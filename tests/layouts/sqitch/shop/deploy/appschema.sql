-- deploy shop:appschema

BEGIN;

select 1;

COMMIT;
