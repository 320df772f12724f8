grant select on all tables in schema ${app_schema} to reporting;
