-- Refresh tokens: one row a family. Values are derived from id and generation, so none is stored.
CREATE TABLE refresh_families (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    application_id TEXT,
    auth_time TIMESTAMP NOT NULL,
    amr TEXT NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_reason TEXT
);
CREATE INDEX refresh_families_client_id ON refresh_families (client_id);
CREATE INDEX refresh_families_account_id ON refresh_families (account_id);
CREATE INDEX refresh_families_sid ON refresh_families (sid);
CREATE INDEX refresh_families_expires_at ON refresh_families (expires_at);

-- The revocation feed. seq comes from the one row of revocation_counter, locked until the entry is committed.
CREATE TABLE revocations (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    issued_before TIMESTAMP NOT NULL,
    reason TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    lifted BOOLEAN NOT NULL
);
CREATE INDEX revocations_value ON revocations (value);
CREATE INDEX revocations_expires_at ON revocations (expires_at);

CREATE TABLE revocation_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO revocation_counter (id, last) VALUES (1, 0);

-- Keys that sign access tokens; the private halves are sealed under the master key.
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed_private BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    activates_at TIMESTAMP NOT NULL,
    retires_at TIMESTAMP,
    expires_at TIMESTAMP
);

CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    action TEXT NOT NULL,
    actor TEXT,
    client_id TEXT,
    dialect TEXT,
    target TEXT,
    address TEXT,
    outcome TEXT NOT NULL,
    request_id TEXT,
    detail TEXT
);
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_actor ON audit_events (actor, at);
