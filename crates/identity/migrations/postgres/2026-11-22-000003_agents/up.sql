-- Territories, services and absences. Expand only: a replica of the version before goes on writing organizations and
-- accounts without what is new here.

CREATE TABLE territories (
    number BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE services (
    number BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    short_name TEXT COLLATE "C",
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX services_name ON services (name);

-- Organisations that are there already are numbered by their age.
ALTER TABLE organizations
    ADD COLUMN number BIGINT,
    ADD COLUMN territory_id TEXT COLLATE "C" REFERENCES territories (id),
    ADD COLUMN phone_number TEXT,
    ADD COLUMN email TEXT,
    ADD COLUMN verticale TEXT COLLATE "C" NOT NULL DEFAULT 'rdv_solidarites';
UPDATE organizations SET number = aged.number
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY created_at, id) AS number FROM organizations) AS aged
WHERE aged.id = organizations.id;
ALTER TABLE organizations
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY,
    ADD UNIQUE (number);
SELECT setval(
    pg_get_serial_sequence('organizations', 'number'),
    (SELECT COALESCE(MAX(number), 0) + 1 FROM organizations),
    FALSE
);
CREATE UNIQUE INDEX organizations_territory_id ON organizations (territory_id, name);

-- position: ascending; the first one is accounts.service_id too.
CREATE TABLE account_services (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    service_id TEXT COLLATE "C" NOT NULL REFERENCES services (id),
    position BIGINT NOT NULL,
    PRIMARY KEY (account_id, service_id)
);
CREATE INDEX account_services_service_id ON account_services (service_id, account_id);

-- The territories that an account administers.
CREATE TABLE account_territories (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    territory_id TEXT COLLATE "C" NOT NULL REFERENCES territories (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, territory_id)
);
CREATE INDEX account_territories_territory_id ON account_territories (territory_id, account_id);

INSERT INTO services (id, name, created_at, updated_at)
SELECT service_id COLLATE "C", service_id, MIN(created_at), MIN(created_at) FROM accounts
WHERE service_id IS NOT NULL GROUP BY service_id COLLATE "C", service_id ORDER BY service_id COLLATE "C";
INSERT INTO account_services (account_id, service_id, position)
SELECT id, service_id, 0 FROM accounts WHERE service_id IS NOT NULL;

-- A replica of the version before knows nothing but accounts.service_id. What it writes there becomes the first service;
-- the ones that it does not know of stay. This goes when the column goes.
CREATE FUNCTION accounts_service_id() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM account_services WHERE account_id = NEW.id AND service_id = OLD.service_id COLLATE "C";
    END IF;
    IF NEW.service_id IS NOT NULL THEN
        INSERT INTO services (id, name, created_at, updated_at)
        VALUES (NEW.service_id, NEW.service_id, NEW.updated_at, NEW.updated_at)
        ON CONFLICT (id) DO NOTHING;
        INSERT INTO account_services (account_id, service_id, position)
        SELECT NEW.id, NEW.service_id, COALESCE(MIN(position), 1) - 1 FROM account_services WHERE account_id = NEW.id
        ON CONFLICT (account_id, service_id) DO UPDATE SET position = EXCLUDED.position;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_service_id_inserted AFTER INSERT ON accounts
FOR EACH ROW WHEN (NEW.service_id IS NOT NULL) EXECUTE FUNCTION accounts_service_id();
CREATE TRIGGER accounts_service_id_updated AFTER UPDATE OF service_id ON accounts
FOR EACH ROW WHEN (OLD.service_id IS DISTINCT FROM NEW.service_id) EXECUTE FUNCTION accounts_service_id();

-- Wall-clock times: whoever reads them knows the time zone.
CREATE TABLE absences (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    first_day DATE NOT NULL,
    start_time TIME NOT NULL,
    end_day DATE NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX absences_account_id ON absences (account_id, first_day);
