-- migrate:phase expand
-- The first half of renaming `phone`: a rename in one step would break the code that still runs.
-- From now on new code writes both columns and reads the new one.
alter table customers add column phone_number varchar(40);
