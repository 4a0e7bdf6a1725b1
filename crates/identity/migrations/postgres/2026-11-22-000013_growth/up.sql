-- What pruning needs. Expand only: a replica of the version before goes on pruning in its own way, under a lock of its own.

-- Whose turn it is, for work that one process at a time does.
CREATE TABLE identity_leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
