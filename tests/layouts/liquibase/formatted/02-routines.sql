-- liquibase formatted sql logicalFilePath:legacy/routines.sql

-- changeset bob:1 endDelimiter:/ rollbackEndDelimiter:/ runOnChange:true
create trigger t after insert on customers begin
    update customers set name = trim(name) where id = new.id / 1;
end
/
create view named as select name from customers
/
-- rollback drop view named
-- rollback /
-- rollback drop trigger t
-- rollback /

-- changeset bob:2 runAlways:true
-- ignoreLines:1
this line is left out;
-- ignoreLines:start
and this one;
-- ignoreLines:end
delete from customers where name = '';
-- rollback empty

-- changeset bob:3 ignore:true
select never;

-- changeset bob:4 dbms:mysql
alter table customers engine = InnoDB;
-- rollback changesetId:create-customers changesetAuthor:ann changesetPath:01-customers.sql
