-- migrate:phase contract
-- The second half of the rename, once no running code reads or writes `phone` any more.
alter table customers drop column phone;
