-- Bases, the workspaces they lie in, who they are shared with, and the tokens and links that open them.

-- Identity columns: numbers that clients have seen are never given out again.
CREATE TABLE workspaces (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- account or group; owner is the account's id or the group's number.
    owner_kind TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (owner_kind, owner)
);

CREATE TABLE bases (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid TEXT COLLATE "C" NOT NULL UNIQUE,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "C" NOT NULL,
    color TEXT COLLATE "C",
    text_color TEXT COLLATE "C",
    icon TEXT COLLATE "C",
    -- Accounts; they may be gone.
    created_by TEXT COLLATE "C" NOT NULL,
    modified_by TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    -- Since when it lies in the trash.
    trashed_at TIMESTAMP
);
-- A name is free again once its base lies in the trash.
CREATE UNIQUE INDEX bases_name ON bases (workspace_id, name) WHERE trashed_at IS NULL;
CREATE INDEX bases_trashed_at ON bases (trashed_at) WHERE trashed_at IS NOT NULL;

-- token_mac finds a token; sealed gives it back in clear, for lists show it.
CREATE TABLE api_tokens (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    base_id BIGINT NOT NULL REFERENCES bases (id) ON DELETE CASCADE,
    app_name TEXT COLLATE "C" NOT NULL,
    token_mac BYTEA NOT NULL UNIQUE,
    sealed BYTEA NOT NULL,
    permission TEXT COLLATE "C" NOT NULL,
    generated_by TEXT COLLATE "C" NOT NULL,
    generated_at TIMESTAMP NOT NULL,
    last_access TIMESTAMP NOT NULL,
    UNIQUE (base_id, app_name)
);

CREATE TABLE user_shares (
    base_id BIGINT NOT NULL REFERENCES bases (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL,
    permission TEXT COLLATE "C" NOT NULL,
    shared_by TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (base_id, account_id)
);
CREATE INDEX user_shares_account_id ON user_shares (account_id, base_id);

CREATE TABLE group_shares (
    base_id BIGINT NOT NULL REFERENCES bases (id) ON DELETE CASCADE,
    group_number BIGINT NOT NULL,
    permission TEXT COLLATE "C" NOT NULL,
    shared_by TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (base_id, group_number)
);
CREATE INDEX group_shares_group_number ON group_shares (group_number, base_id);

-- token: of all links, those that somebody chose and those that were drawn.
CREATE TABLE external_links (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token TEXT COLLATE "C" NOT NULL UNIQUE,
    base_id BIGINT NOT NULL REFERENCES bases (id) ON DELETE CASCADE,
    is_custom BOOLEAN NOT NULL,
    password_hash TEXT COLLATE "C",
    created_by TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX external_links_base_id ON external_links (base_id, id);

-- The keys of tokens that are signed with a shared secret, sealed under the master key of this service.
CREATE TABLE base_token_secrets (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- The keys of tokens that are verified by a published key.
CREATE TABLE base_token_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm TEXT COLLATE "C" NOT NULL,
    public_jwk TEXT COLLATE "C" NOT NULL,
    sealed_private BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL,
    activates_at TIMESTAMP NOT NULL,
    retires_at TIMESTAMP,
    expires_at TIMESTAMP
);
