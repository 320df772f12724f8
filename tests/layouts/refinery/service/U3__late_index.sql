create index customers_id on customers (id);
select '${not_a_placeholder}';
