-- A chain of codes over the audit trail, so that what somebody changes behind the program's back shows. Expand only: a
-- process of the version before goes on writing events, and knows nothing of what is here.

-- Events that are in no chain yet, in whichever transaction they were written: what is committed late is found all the same.
CREATE TABLE audit_unsealed (
    event_id TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TRIGGER audit_events_unsealed AFTER INSERT ON audit_events
BEGIN
    INSERT OR IGNORE INTO audit_unsealed (event_id) VALUES (NEW.id);
END;

-- hash: over the one before and every column of the event. No reference to the event: that it is gone is what shows.
CREATE TABLE audit_chain (
    part BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT NOT NULL UNIQUE,
    sealed_at TIMESTAMP NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (part, seq)
) WITHOUT ROWID;

-- One row for each partition of the chain, kept when its events are pruned. anchor: the hash before first_seq.
CREATE TABLE audit_heads (
    part BIGINT NOT NULL PRIMARY KEY,
    month TEXT NOT NULL,
    began_at TIMESTAMP NOT NULL,
    base BLOB NOT NULL,
    first_seq BIGINT NOT NULL,
    anchor BLOB NOT NULL,
    last_seq BIGINT NOT NULL,
    last_hash BLOB NOT NULL,
    closed BOOLEAN NOT NULL,
    damaged BIGINT NOT NULL,
    mac BLOB NOT NULL
);
