--liquibase formatted sql
--changeset x:1 context:prod
select 'prod';
--changeset x:2 context:test
select 'test';
--changeset x:3 labels:eu
select 'eu';
--changeset x:4 labels:us,eu dbms:sqlite
select 'both';
--changeset x:5 dbms:postgresql
select 'postgres';
