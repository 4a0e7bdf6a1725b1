-- The token an account signs in for once and keeps. No foreign key: the row outlives its account for a while, so that the
-- token of a deleted account is told from one that never was.
CREATE TABLE account_tokens (
    account_id TEXT PRIMARY KEY,
    token_mac BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    sid TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
CREATE INDEX account_tokens_deleted_at ON account_tokens (deleted_at) WHERE deleted_at IS NOT NULL;

-- Passwords that are each for one program, and revoked one by one. Kept as keyed hashes.
CREATE TABLE app_passwords (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mac BLOB NOT NULL UNIQUE,
    sid TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP
);
CREATE INDEX app_passwords_account ON app_passwords (account_id, id);
