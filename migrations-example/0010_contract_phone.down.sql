alter table customers add column phone varchar(40);

update customers set phone = phone_number;
