create table accounts (id integer primary key, balance integer not null default 0);
