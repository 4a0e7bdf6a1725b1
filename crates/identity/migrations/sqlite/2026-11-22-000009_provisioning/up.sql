-- What the provisioning API keeps of accounts and apps. Expand only: a replica of the version before goes on writing
-- accounts, and knows nothing of what is here.

-- One row for each account that has said something of itself; without one every default holds. profile and scopes are
-- JSON objects of what differs from the defaults.
CREATE TABLE account_details (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    quota TEXT,
    language TEXT,
    locale TEXT,
    manager_id TEXT REFERENCES accounts (id) ON DELETE SET NULL,
    notify_email TEXT,
    phone TEXT,
    profile TEXT NOT NULL,
    profile_enabled BOOLEAN NOT NULL,
    scopes TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX account_details_manager_id ON account_details (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX account_details_phone ON account_details (phone) WHERE phone IS NOT NULL;

-- Further addresses, in the order in which they were added. address: without blanks around it, in lower case.
CREATE TABLE account_mails (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    position BIGINT NOT NULL,
    scope TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, address)
);

CREATE TABLE account_sign_ins (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL
);
CREATE INDEX account_sign_ins_last_at ON account_sign_ins (last_at, account_id);

-- manifest: what a bootstrap file says of an app of its own; NULL for the platform's, which the program knows.
CREATE TABLE apps (
    id TEXT PRIMARY KEY,
    enabled BOOLEAN NOT NULL,
    manifest TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE app_config (
    app TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (app, key)
);

CREATE TABLE user_preferences (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    app TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, app, key)
);

-- What accounts are searched and listed by. text: login, display name and e-mail address, folded, with a character
-- between them that none of them can have. sort_key: the folded display name, or else the folded login. Triggers keep it,
-- whoever writes accounts; they fold ASCII only, and leave `folded` unset for whoever can fold the rest.
CREATE TABLE account_search (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    text TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    folded BOOLEAN NOT NULL
);

CREATE TRIGGER accounts_search_inserted AFTER INSERT ON accounts
BEGIN
    INSERT INTO account_search (account_id, login, login_key, sort_key, text, enabled, folded)
    VALUES (
        NEW.id, NEW.login, NEW.login_key, COALESCE(lower(NEW.display_name), NEW.login_key),
        NEW.login_key || char(1) || COALESCE(lower(NEW.display_name), '') || char(1) || COALESCE(NEW.email_key, ''),
        NEW.enabled, NEW.display_name IS NULL OR length(CAST(NEW.display_name AS BLOB)) = length(NEW.display_name)
    );
END;
CREATE TRIGGER accounts_search_updated AFTER UPDATE OF login, login_key, display_name, email_key ON accounts
WHEN OLD.login IS NOT NEW.login OR OLD.login_key IS NOT NEW.login_key
    OR OLD.display_name IS NOT NEW.display_name OR OLD.email_key IS NOT NEW.email_key
BEGIN
    UPDATE account_search SET login = NEW.login, login_key = NEW.login_key,
        sort_key = COALESCE(lower(NEW.display_name), NEW.login_key),
        text = NEW.login_key || char(1) || COALESCE(lower(NEW.display_name), '') || char(1)
            || COALESCE(NEW.email_key, ''),
        folded = NEW.display_name IS NULL
            OR length(CAST(NEW.display_name AS BLOB)) = length(NEW.display_name)
    WHERE account_id = NEW.id;
END;
CREATE TRIGGER accounts_search_enabled AFTER UPDATE OF enabled ON accounts WHEN OLD.enabled <> NEW.enabled
BEGIN
    UPDATE account_search SET enabled = NEW.enabled WHERE account_id = NEW.id;
END;

INSERT INTO account_search (account_id, login, login_key, sort_key, text, enabled, folded)
SELECT id, login, login_key, COALESCE(lower(display_name), login_key),
    login_key || char(1) || COALESCE(lower(display_name), '') || char(1) || COALESCE(email_key, ''), enabled,
    display_name IS NULL OR length(CAST(display_name AS BLOB)) = length(display_name)
FROM accounts;

CREATE INDEX account_search_sort_key ON account_search (sort_key, login_key);
CREATE INDEX account_search_disabled ON account_search (sort_key, login_key) WHERE NOT enabled;
CREATE INDEX account_search_unfolded ON account_search (account_id) WHERE NOT folded;
