create index i on shop.orders (id)
//
create index j on shop.orders (id)
