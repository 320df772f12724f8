create table coupons (
    code varchar(40) not null primary key,
    percent integer not null,
    valid_until timestamp null
);

insert into coupons (code, percent) values ('WELCOME', 10);
