-- no-transaction
create index concurrently accounts_balance on accounts (balance);
