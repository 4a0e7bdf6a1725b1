-- Sign-ins that hold a token of their own. Neither the token nor the client id is stored: both are keyed hashes.
CREATE TABLE device_sessions (
    sid TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client_mac BYTEA NOT NULL,
    token_mac BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    UNIQUE (account_id, client_mac)
);
CREATE INDEX device_sessions_expires_at ON device_sessions (expires_at);

-- Networks from which an account has signed in, as keyed hashes of both.
CREATE TABLE familiar_networks (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    network_mac BYTEA NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, network_mac)
);
CREATE INDEX familiar_networks_seen_at ON familiar_networks (seen_at);
