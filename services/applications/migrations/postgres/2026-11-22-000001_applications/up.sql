CREATE TABLE applications (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    config TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    modified_at TIMESTAMP NOT NULL,
    visible BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    expires_at TIMESTAMP,
    anonymous_registration_enabled BOOLEAN NOT NULL
);

-- The default order of lists, with everything that decides whether an application is in one: a deep page is found without
-- reading the applications before it.
CREATE INDEX applications_by_age ON applications (created_at DESC, id, visible, organization_id);
-- The same within an organisation.
CREATE INDEX applications_of_organization ON applications (organization_id, created_at DESC, id, visible);

-- Changes that the authorization server is about to be told, or was told without a confirmation.
CREATE TABLE status_intents (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Does not refer to a row: the application may be about to be created.
    application_id TEXT COLLATE "C" NOT NULL,
    noted_at TIMESTAMP NOT NULL
);

CREATE INDEX status_intents_by_application ON status_intents (application_id);
