--liquibase formatted sql
--changeset ann:1
create table ${schema}.users (id int primary key);
--rollback drop table ${schema}.users;
