CREATE INDEX CONCURRENTLY labels_by_counter ON labels (counter);
