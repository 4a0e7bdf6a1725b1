-- Applications, as far as the issuing of tokens depends on them; the rest of them is in a database of their own service,
-- which may be this one: hence the name. Expand only: a replica of the version before knows nothing of them and refuses
-- the families of one that was deleted by their revoked_reason.
CREATE TABLE application_statuses (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    expires_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- How often the directory was told of an application: whatever is told names the number it comes after, so that what arrives
-- late changes nothing. Outlives the application for a while.
CREATE TABLE application_revisions (
    id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE INDEX application_revisions_changed_at ON application_revisions (changed_at);

ALTER TABLE refresh_families ADD COLUMN application_deleted BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX refresh_families_application_id ON refresh_families (application_id) WHERE application_id IS NOT NULL;
