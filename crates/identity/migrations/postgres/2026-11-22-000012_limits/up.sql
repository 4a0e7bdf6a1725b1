-- Wrong passwords, codes and client secrets, counted by all replicas together. What was guessed at and where from are keyed
-- hashes; an empty network stands for all that have no count of their own.
CREATE TABLE lockouts (
    subject BYTEA NOT NULL,
    network BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMP NOT NULL,
    locked_until TIMESTAMP,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (subject, network)
);
CREATE INDEX lockouts_expires_at ON lockouts (expires_at);
