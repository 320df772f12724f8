--liquibase formatted sql
--property name:table value:customers
--property name:table value:buyers dbms:oracle

--changeset ann:create-customers
--comment: everybody who ever bought something
create table ${table} (
    id int primary key,
    name varchar(80) not null
);
insert into ${table} values (1, '${unknown}');
--rollback drop table ${table};

--changeset ann:2 labels:"v1.1, eu" context:"!test" runInTransaction:false
-- an ordinary comment
create index customers_name on customers (name);
/* liquibase rollback
drop index customers_name;
*/

--changeset "Bob B":"id with spaces" onlyHere:1
--preconditions onFail:MARK_RAN onError:HALT
--precondition-sql-check expectedResult:0 select count(*) from customers where name = '';
alter table customers add column phone varchar(20);
--rollback alter table customers
--rollback   drop column phone;
