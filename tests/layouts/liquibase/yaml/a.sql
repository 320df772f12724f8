create table a (id text);
