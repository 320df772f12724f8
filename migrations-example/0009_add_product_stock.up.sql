-- A constant default fills the rows that are there without writing them.
alter table products add column stock integer not null default 0;
