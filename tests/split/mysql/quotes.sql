INSERT INTO t VALUES ('a\';b', "it's; \"q\"", 'x''y;');
CREATE TABLE `semi;colon` (a INT) COMMENT "c;d"; # comment; '
SELECT 5--1; -- comment; "
SELECT 1 /* ; */; /*! SELECT 2 */; /*!40101 SET NAMES utf8 */;
/*!40101 SET @a = 1, b = ';' */;
CREATE TABLE t (a INT /*!80000 INVISIBLE */, b INT);
