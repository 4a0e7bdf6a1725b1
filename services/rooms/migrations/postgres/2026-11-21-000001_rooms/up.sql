CREATE TABLE rooms (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    access_level TEXT COLLATE "C" NOT NULL,
    configuration TEXT COLLATE "C" NOT NULL,
    pin TEXT COLLATE "C" UNIQUE,
    created_by_client_id TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    -- Counts the changes of the room and of its attendees: whoever changes either takes a number first, and so waits
    -- for the one before.
    revision BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE accesses (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    room_id TEXT COLLATE "C" NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- NULL until the first call of an account whose e-mail this is.
    account_id TEXT COLLATE "C",
    email TEXT COLLATE "C",
    email_key TEXT COLLATE "C",
    role TEXT COLLATE "C" NOT NULL,
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
