-- A chain of codes over the audit trail, so that what somebody changes behind the program's back shows. Expand only: a
-- replica of the version before goes on writing events, and knows nothing of what is here.

-- Events that are in no chain yet, in whichever transaction they were written: what is committed late is found all the same.
CREATE TABLE audit_unsealed (
    event_id TEXT COLLATE "C" PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE FUNCTION audit_events_unsealed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (event_id) SELECT id FROM added ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_events_unsealed AFTER INSERT ON audit_events
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_events_unsealed();

-- hash: over the one before and every column of the event. No reference to the event: that it is gone is what shows.
CREATE TABLE audit_chain (
    part BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL UNIQUE,
    sealed_at TIMESTAMP NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (part, seq)
);

-- One row for each partition of the chain, kept when its events are pruned. anchor: the hash before first_seq.
-- fillfactor: a seal finds room on its page.
CREATE TABLE audit_heads (
    part BIGINT PRIMARY KEY,
    month TEXT COLLATE "C" NOT NULL,
    began_at TIMESTAMP NOT NULL,
    base BYTEA NOT NULL,
    first_seq BIGINT NOT NULL,
    anchor BYTEA NOT NULL,
    last_seq BIGINT NOT NULL,
    last_hash BYTEA NOT NULL,
    closed BOOLEAN NOT NULL,
    damaged BIGINT NOT NULL,
    mac BYTEA NOT NULL
) WITH (fillfactor = 50);
