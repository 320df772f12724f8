\restrict abc123
\set ON_ERROR_STOP on
SELECT 1;
  \echo 'indented; still a command'
SELECT 2 \gset
SELECT 3 \; SELECT 4;
CREATE TABLE t (a int, b text);
COPY t (a, b) FROM stdin;
1	it's one; with a semicolon
2	$$
\.

SELECT 5;
COPY t FROM '/tmp/file.csv' WITH (FORMAT csv);
COPY t TO STDOUT;
\unrestrict abc123
