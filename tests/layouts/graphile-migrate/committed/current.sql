-- next
select 1;
