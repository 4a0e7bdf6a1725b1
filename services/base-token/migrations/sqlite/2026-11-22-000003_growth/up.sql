-- What pruning needs.

-- Whose turn it is, for work that one process at a time does.
CREATE TABLE bases_leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
