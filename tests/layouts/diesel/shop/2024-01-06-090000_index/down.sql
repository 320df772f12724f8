drop index customers_name;
