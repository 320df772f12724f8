-- verify shop:appschema

BEGIN;

select 1;

ROLLBACK;
