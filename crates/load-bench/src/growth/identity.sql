-- $COUNT clients, accounts with a place in the organisation, live refresh families, live revocations and audit events. Row n
-- has $HEX, n in twelve hexadecimal digits, where an id is a UUID. $NOW and $LATER are instants.

INSERT INTO clients (id, kind, name, enabled, scopes, default_scopes, domains, grants, audiences, organization_id, roles,
    permissions, created_at, updated_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT 'growth-client-' || n, 'service', 'growth', TRUE, 'rooms:list', 'rooms:list', '[]', '["client_credentials"]',
    '["rooms"]', 'bench', '["CLIENT_SERVICE"]', '[]', $NOW, $NOW
FROM n;

-- PostgreSQL's. Keeping it is nearly all of what a new account costs there, and nothing here searches for parts of names.
DROP INDEX IF EXISTS account_search_pieces;

INSERT INTO accounts (id, login, login_key, email, email_key, display_name, organization_id, roles, provisional, enabled,
    created_at, updated_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT '10000000-0000-7000-8000-' || $HEX, 'growth-' || n, 'growth-' || n, 'growth-' || n || '@bench.example',
    'growth-' || n || '@bench.example', 'growth ' || n, 'bench', '["AGENT"]', FALSE, TRUE, $NOW, $NOW
FROM n;

INSERT INTO account_organizations (account_id, organization_id, role)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT '10000000-0000-7000-8000-' || $HEX, 'bench', 'AGENT' FROM n;

INSERT INTO refresh_families (id, client_id, account_id, sid, scopes, audience, auth_time, amr, generation, rotated_at,
    created_at, expires_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT '40000000-0000-7000-8000-' || $HEX, 'bench-gateway', '10000000-0000-7000-8000-' || $HEX, 'growth-family-' || n,
    'rooms:list offline_access', '["rooms"]', $NOW, '["pwd"]', 1, $NOW, $NOW, $LATER
FROM n;

INSERT INTO revocations (seq, kind, value, issued_before, reason, expires_at, lifted)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT (SELECT last FROM revocation_counter) + n, 'jti', 'growth-token-' || n, $NOW, 'revoked', $LATER, FALSE
FROM n;
UPDATE revocation_counter SET last = last + $COUNT;

INSERT INTO audit_events (id, at, action, actor, client_id, dialect, target, outcome)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT 'growth-' || n, $NOW, 'token.issue', '10000000-0000-7000-8000-' || $HEX, 'bench-meet', 'meet', 'growth-token-' || n,
    'success'
FROM n;
-- Otherwise the server would seal them while it is measured.
DELETE FROM audit_unsealed WHERE event_id LIKE 'growth-%';
