-- Numbers, owners, administrators and sub-administrators of groups, and the group `admin`, whose members administer the
-- platform. Expand only: a replica of the version before goes on writing groups without what is new here.

ALTER TABLE groups ADD COLUMN owner_id TEXT REFERENCES accounts (id) ON DELETE SET NULL;
CREATE INDEX groups_owner_id ON groups (owner_id);

-- Id and name folded, to be searched. Where an older replica wrote the row, the next start fills them in.
ALTER TABLE groups ADD COLUMN id_key TEXT;
ALTER TABLE groups ADD COLUMN name_key TEXT;

INSERT INTO groups (id, name, created_at, updated_at)
VALUES ('admin', 'admin', '2026-11-22 00:00:00', '2026-11-22 00:00:00')
ON CONFLICT (id) DO NOTHING;

-- number: as that of organizations. Groups that are there already are numbered by their age.
ALTER TABLE groups ADD COLUMN number BIGINT;
UPDATE groups SET number = aged.number
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY created_at, id) AS number FROM groups) AS aged
WHERE aged.id = groups.id;
CREATE UNIQUE INDEX groups_number ON groups (number);

CREATE TABLE group_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO group_counter (id, last) SELECT 1, COUNT(*) FROM groups;
CREATE TRIGGER groups_number_given AFTER INSERT ON groups WHEN NEW.number IS NULL
BEGIN
    UPDATE group_counter SET last = last + 1;
    UPDATE groups SET number = (SELECT last FROM group_counter) WHERE id = NEW.id;
END;

-- Who shares in what the owner of a group may do with its things (contracts/seatable-tokens.md §1).
CREATE TABLE group_admins (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, account_id)
);
CREATE INDEX group_admins_account_id ON group_admins (account_id, group_id);

-- Who administers the accounts of a group's members (contracts/ocs-provisioning.md §3.3): another relation.
CREATE TABLE group_subadmins (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, account_id)
);
CREATE INDEX group_subadmins_account_id ON group_subadmins (account_id, group_id);
