-- Territories, services and absences. Expand only: a replica of the version before goes on writing organizations and
-- accounts without what is new here.

CREATE TABLE territories (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE services (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    short_name TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX services_name ON services (name);

-- number: a column cannot become an AUTOINCREMENT key, so a counter gives it, and never the same twice. Organisations
-- that are there already are numbered by their age.
ALTER TABLE organizations ADD COLUMN number BIGINT;
ALTER TABLE organizations ADD COLUMN territory_id TEXT REFERENCES territories (id);
ALTER TABLE organizations ADD COLUMN phone_number TEXT;
ALTER TABLE organizations ADD COLUMN email TEXT;
ALTER TABLE organizations ADD COLUMN verticale TEXT NOT NULL DEFAULT 'rdv_solidarites';
UPDATE organizations SET number = aged.number
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY created_at, id) AS number FROM organizations) AS aged
WHERE aged.id = organizations.id;
CREATE UNIQUE INDEX organizations_number ON organizations (number);
CREATE UNIQUE INDEX organizations_territory_id ON organizations (territory_id, name);

CREATE TABLE organization_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO organization_counter (id, last) SELECT 1, COUNT(*) FROM organizations;
CREATE TRIGGER organizations_number_given AFTER INSERT ON organizations WHEN NEW.number IS NULL
BEGIN
    UPDATE organization_counter SET last = last + 1;
    UPDATE organizations SET number = (SELECT last FROM organization_counter) WHERE id = NEW.id;
END;

-- position: ascending; the first one is accounts.service_id too.
CREATE TABLE account_services (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    service_id TEXT NOT NULL REFERENCES services (id),
    position BIGINT NOT NULL,
    PRIMARY KEY (account_id, service_id)
);
CREATE INDEX account_services_service_id ON account_services (service_id, account_id);

-- The territories that an account administers.
CREATE TABLE account_territories (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    territory_id TEXT NOT NULL REFERENCES territories (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, territory_id)
);
CREATE INDEX account_territories_territory_id ON account_territories (territory_id, account_id);

INSERT INTO services (id, name, created_at, updated_at)
SELECT service_id, service_id, MIN(created_at), MIN(created_at) FROM accounts
WHERE service_id IS NOT NULL GROUP BY service_id ORDER BY service_id;
INSERT INTO account_services (account_id, service_id, position)
SELECT id, service_id, 0 FROM accounts WHERE service_id IS NOT NULL;

-- A replica of the version before knows nothing but accounts.service_id. What it writes there becomes the first service;
-- the ones that it does not know of stay. This goes when the column goes.
CREATE TRIGGER accounts_service_id_inserted AFTER INSERT ON accounts WHEN NEW.service_id IS NOT NULL
BEGIN
    INSERT INTO services (id, name, created_at, updated_at)
    VALUES (NEW.service_id, NEW.service_id, NEW.updated_at, NEW.updated_at)
    ON CONFLICT (id) DO NOTHING;
    INSERT INTO account_services (account_id, service_id, position) VALUES (NEW.id, NEW.service_id, 0);
END;
CREATE TRIGGER accounts_service_id_removed AFTER UPDATE OF service_id ON accounts
WHEN OLD.service_id IS NOT NULL AND NEW.service_id IS NULL
BEGIN
    DELETE FROM account_services WHERE account_id = NEW.id AND service_id = OLD.service_id;
END;
CREATE TRIGGER accounts_service_id_updated AFTER UPDATE OF service_id ON accounts
WHEN NEW.service_id IS NOT NULL AND OLD.service_id IS NOT NEW.service_id
BEGIN
    DELETE FROM account_services WHERE account_id = NEW.id AND service_id = OLD.service_id;
    INSERT INTO services (id, name, created_at, updated_at)
    VALUES (NEW.service_id, NEW.service_id, NEW.updated_at, NEW.updated_at)
    ON CONFLICT (id) DO NOTHING;
    INSERT INTO account_services (account_id, service_id, position)
    SELECT NEW.id, NEW.service_id, COALESCE(MIN(position), 1) - 1 FROM account_services WHERE account_id = NEW.id
    ON CONFLICT (account_id, service_id) DO UPDATE SET position = excluded.position;
END;

-- AUTOINCREMENT: the id of a deleted absence is never given out again. Wall-clock times: whoever reads them knows the
-- time zone.
CREATE TABLE absences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    first_day DATE NOT NULL,
    start_time TIME NOT NULL,
    end_day DATE NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX absences_account_id ON absences (account_id, first_day);
