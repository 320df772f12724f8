-- Nullable and without a default: old code, which does not know the column, goes on writing rows.
alter table customers add column phone varchar(40);
