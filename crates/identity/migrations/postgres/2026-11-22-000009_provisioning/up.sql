-- What the provisioning API keeps of accounts and apps. Expand only: a replica of the version before goes on writing
-- accounts, and knows nothing of what is here.

-- One row for each account that has said something of itself; without one every default holds. profile and scopes are
-- JSON objects of what differs from the defaults.
CREATE TABLE account_details (
    account_id TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    quota TEXT COLLATE "C",
    language TEXT COLLATE "C",
    locale TEXT COLLATE "C",
    manager_id TEXT COLLATE "C" REFERENCES accounts (id) ON DELETE SET NULL,
    notify_email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    profile TEXT NOT NULL,
    profile_enabled BOOLEAN NOT NULL,
    scopes TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX account_details_manager_id ON account_details (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX account_details_phone ON account_details (phone) WHERE phone IS NOT NULL;

-- Further addresses, in the order in which they were added. address: without blanks around it, in lower case.
CREATE TABLE account_mails (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    verified BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, address)
);

-- fillfactor: a sign-in finds room on its page.
CREATE TABLE account_sign_ins (
    account_id TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX account_sign_ins_last_at ON account_sign_ins (last_at, account_id);

-- manifest: what a bootstrap file says of an app of its own; NULL for the platform's, which the program knows.
CREATE TABLE apps (
    id TEXT COLLATE "C" PRIMARY KEY,
    enabled BOOLEAN NOT NULL,
    manifest TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE app_config (
    app TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (app, key)
);

CREATE TABLE user_preferences (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    app TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, app, key)
);

-- What accounts are searched and listed by. text: login, display name and e-mail address, folded, with a character
-- between them that none of them can have. sort_key: the folded display name, or else the folded login. Triggers keep it,
-- whoever writes accounts; they fold ASCII only, and leave `folded` unset for whoever can fold the rest.
CREATE TABLE account_search (
    account_id TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    login TEXT COLLATE "C" NOT NULL,
    login_key TEXT COLLATE "C" NOT NULL,
    sort_key TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    folded BOOLEAN NOT NULL
);

CREATE FUNCTION accounts_search() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    shown TEXT := lower(NEW.display_name COLLATE "C");
BEGIN
    INSERT INTO account_search (account_id, login, login_key, sort_key, text, enabled, folded)
    VALUES (
        NEW.id, NEW.login, NEW.login_key, COALESCE(shown, NEW.login_key),
        concat(NEW.login_key, chr(1), shown, chr(1), NEW.email_key), NEW.enabled,
        shown IS NULL OR octet_length(shown) = char_length(shown)
    )
    ON CONFLICT (account_id) DO UPDATE SET login = EXCLUDED.login, login_key = EXCLUDED.login_key,
        sort_key = EXCLUDED.sort_key, text = EXCLUDED.text, enabled = EXCLUDED.enabled, folded = EXCLUDED.folded;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_search_inserted AFTER INSERT ON accounts
FOR EACH ROW EXECUTE FUNCTION accounts_search();
CREATE TRIGGER accounts_search_updated AFTER UPDATE OF login, login_key, display_name, email_key ON accounts
FOR EACH ROW WHEN (
    (OLD.login, OLD.login_key, OLD.display_name, OLD.email_key)
    IS DISTINCT FROM (NEW.login, NEW.login_key, NEW.display_name, NEW.email_key)
) EXECUTE FUNCTION accounts_search();

CREATE FUNCTION accounts_search_enabled() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account_search SET enabled = NEW.enabled WHERE account_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_search_enabled AFTER UPDATE OF enabled ON accounts
FOR EACH ROW WHEN (OLD.enabled <> NEW.enabled) EXECUTE FUNCTION accounts_search_enabled();

INSERT INTO account_search (account_id, login, login_key, sort_key, text, enabled, folded)
SELECT id, login, login_key, COALESCE(lower(display_name COLLATE "C"), login_key),
    concat(login_key, chr(1), lower(display_name COLLATE "C"), chr(1), email_key), enabled,
    display_name IS NULL OR octet_length(display_name) = char_length(display_name)
FROM accounts;

-- The pieces of a text that are `shortest` to `longest` characters long. A text that occurs in another has all its pieces
-- there, so an index of the pieces finds it, and needs no extension.
CREATE FUNCTION search_pieces(whole TEXT, shortest INTEGER, longest INTEGER) RETURNS TEXT[]
LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY(
        SELECT DISTINCT substr(whole, start, size)
        FROM generate_series(shortest, longest) AS size, generate_series(1, char_length(whole) - size + 1) AS start
    )
$$;
-- Without a list of pending entries, which every search would have to read through.
CREATE INDEX account_search_pieces ON account_search USING GIN (search_pieces(text, 1, 3)) WITH (fastupdate = off);
CREATE INDEX account_search_sort_key ON account_search (sort_key, login_key);
CREATE INDEX account_search_disabled ON account_search (sort_key, login_key) WHERE NOT enabled;
CREATE INDEX account_search_unfolded ON account_search (account_id) WHERE NOT folded;
