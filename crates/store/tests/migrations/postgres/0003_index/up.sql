CREATE INDEX CONCURRENTLY IF NOT EXISTS labels_by_counter ON labels (counter);
