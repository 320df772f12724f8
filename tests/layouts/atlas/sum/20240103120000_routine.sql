-- atlas:delimiter -- end

CREATE PROCEDURE p() BEGIN SELECT 1; SELECT ';'; END;
-- end

CREATE VIEW v AS SELECT 1
-- end
