-- What pruning needs. Expand only: a replica of the version before goes on pruning in its own way, under a lock of its own.

-- Whose turn it is, for work that one process at a time does.
CREATE TABLE identity_leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
