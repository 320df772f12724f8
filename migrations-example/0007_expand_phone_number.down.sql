alter table customers drop column phone_number;
