source other.sql
SELECT 1;
\. third.sql
SELECT source FROM t;
