CREATE INDEX labels_by_counter ON labels (counter);
