--! Previous: sha1:c697ef6acb7764181e381111990c4513e35c60a3
--! Hash: sha1:17e2233df0076bf92f50951ad9c9f0d86371bfe7
--! Message: add phone

--! split: 01-users.sql
alter table users add column phone text;
--! split: 02-grants.sql
grant connect on database :DATABASE_NAME to :ROLE;
