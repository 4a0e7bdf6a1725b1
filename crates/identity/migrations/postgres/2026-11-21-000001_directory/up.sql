-- Facts about the database itself, such as that it holds demo data.
CREATE TABLE identity_facts (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organizations (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE groups (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE accounts (
    number BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    id TEXT COLLATE "C" PRIMARY KEY,
    login TEXT NOT NULL,
    login_key TEXT COLLATE "C" NOT NULL UNIQUE,
    email TEXT,
    email_key TEXT COLLATE "C" UNIQUE,
    given_name TEXT,
    family_name TEXT,
    display_name TEXT,
    organization_id TEXT COLLATE "C" REFERENCES organizations (id),
    service_id TEXT,
    roles TEXT NOT NULL,
    provisional BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX accounts_organization_id ON accounts (organization_id);

CREATE TABLE account_passwords (
    account_id TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE account_organizations (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    role TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, organization_id)
);
CREATE INDEX account_organizations_organization_id ON account_organizations (organization_id, account_id);

CREATE TABLE account_groups (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    group_id TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, group_id)
);
CREATE INDEX account_groups_group_id ON account_groups (group_id, account_id);

CREATE TABLE clients (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    scopes TEXT NOT NULL,
    default_scopes TEXT NOT NULL,
    domains TEXT NOT NULL,
    grants TEXT NOT NULL,
    audiences TEXT NOT NULL,
    organization_id TEXT COLLATE "C" REFERENCES organizations (id),
    application_id TEXT COLLATE "C",
    roles TEXT NOT NULL,
    permissions TEXT NOT NULL,
    access_token_ttl BIGINT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX clients_created_at ON clients (created_at, id);
CREATE INDEX clients_organization_id ON clients (organization_id);
CREATE INDEX clients_application_id ON clients (application_id);

-- hash: `hmac-sha256$<hex>`, or a hash imported with the client until it is first presented.
CREATE TABLE client_secrets (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX client_secrets_client_id ON client_secrets (client_id, id);

-- What a bootstrap file declared. created_at is that of the row it is about: a row made anew under an old id is another.
-- made: the file made the row, so that a later one may prune it. fingerprint: of the declared secret.
CREATE TABLE declarations (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    made BOOLEAN NOT NULL,
    fingerprint TEXT,
    PRIMARY KEY (kind, id)
);
