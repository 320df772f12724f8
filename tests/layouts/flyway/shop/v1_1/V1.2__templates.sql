insert into ${app_schema}.templates values ('Dear ${customer}');
