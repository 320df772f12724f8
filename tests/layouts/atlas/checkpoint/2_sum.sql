-- atlas:checkpoint v1

create table a (id int);
