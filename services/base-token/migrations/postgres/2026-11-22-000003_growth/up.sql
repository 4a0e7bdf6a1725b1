-- What pruning needs.

-- Whose turn it is, for work that one process at a time does.
CREATE TABLE bases_leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
