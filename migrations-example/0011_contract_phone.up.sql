-- migrate:phase contract
-- The second half of the rename, once no running code reads or writes `phone` any more.
-- migrate:allow drop-column: no release since 1.1 reads or writes it
alter table customers drop column phone;
