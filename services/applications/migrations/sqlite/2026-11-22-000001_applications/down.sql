DROP TABLE status_intents;
DROP TABLE applications;
