DROP TABLE bootstrap_made;
