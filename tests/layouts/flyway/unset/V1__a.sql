create table t (a int);
insert into ${app_schema}.t values (1);
