-- atlas:txmode none
-- atlas:nolint PG101

CREATE INDEX CONCURRENTLY i ON users (id);
