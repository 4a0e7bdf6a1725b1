CREATE TABLE rebuilt (name TEXT PRIMARY KEY, value BIGINT NOT NULL, note TEXT);
INSERT INTO rebuilt (name, value) SELECT name, value FROM counters;
DROP TABLE counters;
ALTER TABLE rebuilt RENAME TO counters;
