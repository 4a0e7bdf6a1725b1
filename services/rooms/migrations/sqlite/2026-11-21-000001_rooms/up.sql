CREATE TABLE rooms (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    access_level TEXT NOT NULL,
    configuration TEXT NOT NULL,
    pin TEXT UNIQUE,
    created_by_client_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    -- Counts the changes of the room and of its attendees: whoever changes either takes a number first, and so waits
    -- for the one before.
    revision BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE accesses (
    id TEXT NOT NULL PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- NULL until the first call of an account whose e-mail this is.
    account_id TEXT,
    email TEXT,
    email_key TEXT,
    role TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (account_id IS NOT NULL OR email_key IS NOT NULL)
);

-- The rooms of an account, each once.
CREATE UNIQUE INDEX accesses_by_account ON accesses (account_id, room_id);
-- The rows that wait for an account, each once; by e-mail first, because that is how an account finds its own.
CREATE UNIQUE INDEX accesses_waiting ON accesses (email_key, room_id) WHERE account_id IS NULL;
-- The attendees of a room in the order they are listed.
CREATE INDEX accesses_by_room ON accesses (room_id, email_key, id);
