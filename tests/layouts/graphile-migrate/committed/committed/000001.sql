--! Previous: -
--! Hash: sha1:c697ef6acb7764181e381111990c4513e35c60a3

drop table if exists users;
create table users (id int primary key);
