CREATE TABLE labels (counter TEXT NOT NULL REFERENCES counters (name), label TEXT NOT NULL UNIQUE);
