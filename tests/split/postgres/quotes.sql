SELECT 'it''s; fine', E'it\'s; fine too', "semi;colon", U&'\003b;';
SELECT 'a backslash \', 'ends nothing;';
SELECT $$;$$, $tag$;$$;$tag$, a$b$c FROM t; -- $$ ; '
/* outer /* inner ; */ still ; */ SELECT 1;
SELECT a-- comment;
FROM t;
SELECT 2 -1, '--;', '/*;';
