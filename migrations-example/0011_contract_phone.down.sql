alter table customers add column phone varchar(40);

-- migrate:allow ddl-and-backfill-same-transaction: the older release must find its numbers as soon as it runs
update customers set phone = phone_number;
