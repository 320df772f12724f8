copy public.t from STDIN with (format csv);
1,2
3,4
