-- Fills an empty directory with as many accounts as the setting `fill.accounts` says. Names are of a few hundred, so that a
-- text may be in many of them, in few, or in none. Every third has signed in, every fifth has details, every hundredth is
-- disabled. One in fifty is called `rare…`, one in the whole directory `unique`.
CREATE TEMPORARY TABLE fill_accounts AS
SELECT number, md5(number::TEXT)::UUID::TEXT AS id, 'user-' || number AS login,
    CASE
        WHEN number = 7 THEN 'Zoe Unique'
        WHEN number % 50 = 0 THEN 'Rare ' || substr(md5((number * 3)::TEXT), 1, 6)
        ELSE initcap(translate(substr(md5((number % 331)::TEXT), 1, 6), '0123456789', 'ghijklmnop')) || ' '
            || initcap(translate(substr(md5((number % 577)::TEXT), 1, 8), '0123456789', 'qrstuvwabc'))
    END AS name
FROM generate_series(1, current_setting('fill.accounts')::BIGINT) AS number;

INSERT INTO groups (id, name, created_at, updated_at)
SELECT 'group-' || number, 'Group ' || number, now(), now() FROM generate_series(0, 9) AS number;
INSERT INTO accounts (id, login, login_key, email, email_key, display_name, roles, provisional, enabled, created_at,
    updated_at)
SELECT id, login, login, login || '@example.org', login || '@example.org', name, '[]', FALSE, number % 100 <> 3, now(), now()
FROM fill_accounts ORDER BY number;
-- Ten members of each of ten groups, and everybody else in none.
INSERT INTO account_groups (account_id, group_id)
SELECT id, 'group-' || number % 10 FROM fill_accounts WHERE number <= 100;
INSERT INTO account_sign_ins (account_id, first_at, last_at)
SELECT id, TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01' + number * INTERVAL '1 second'
FROM fill_accounts WHERE number % 3 = 0;
INSERT INTO account_details (account_id, quota, language, manager_id, phone, profile, profile_enabled, scopes, updated_at)
SELECT id, '5 GB', 'fr', md5('1')::UUID::TEXT, '+4930' || (1000000 + number), '{"organisation":"Example"}', TRUE,
    '{"phone":"v2-federated"}', now()
FROM fill_accounts WHERE number % 5 = 0;

DROP TABLE fill_accounts;
