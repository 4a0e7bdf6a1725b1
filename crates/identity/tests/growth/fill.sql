-- $COUNT rows in each table that is pruned. $NAME sets these rows apart from others; $AT is the instant of row n.
-- Tests and measurements put in what stands for these words. The tests and the example of `tessera` use this file, too.

-- Nobody's client, so that nobody who signs in has to look through its secrets.
INSERT INTO clients (id, kind, name, enabled, scopes, default_scopes, domains, grants, audiences, roles, permissions,
    created_at, updated_at)
VALUES ('growth', 'service', 'growth', FALSE, '', '', '[]', '[]', '[]', '[]', '[]', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)
ON CONFLICT (id) DO NOTHING;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO revocations (seq, kind, value, issued_before, reason, expires_at, lifted)
SELECT (SELECT MIN(seq) FROM (SELECT seq FROM revocations UNION ALL SELECT 0) AS seqs) - n, 'jti', '$NAME-' || n, $AT,
    'revoked', $AT, FALSE
FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO refresh_families (id, client_id, account_id, sid, scopes, audience, auth_time, amr, generation, rotated_at,
    created_at, expires_at)
SELECT '$NAME-' || n, 'growth', (SELECT MIN(id) FROM accounts), '$NAME-' || n, 'rooms:list', '["rooms"]',
    $AT, '[]', 1, $AT, $AT, $AT
FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO device_sessions (sid, account_id, client_mac, token_mac, created_at, expires_at)
SELECT '$NAME-' || n, (SELECT MIN(id) FROM accounts), CAST('$NAME-' || n AS $BYTES), CAST('$NAME-' || n AS $BYTES), $AT, $AT
FROM n;

INSERT INTO account_otps (account_id, sealed_secret, enrolled_at, last_step)
SELECT MIN(id), CAST('none' AS $BYTES), CURRENT_TIMESTAMP, -1 FROM accounts WHERE TRUE
ON CONFLICT (account_id) DO NOTHING;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO trusted_devices (account_id, device_mac, created_at, expires_at)
SELECT (SELECT MIN(id) FROM accounts), CAST('$NAME-' || n AS $BYTES), $AT, $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO client_secrets (id, client_id, hash, created_at, expires_at)
SELECT '$NAME-' || n, 'growth', 'hmac-sha256$0000', $AT, $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO lockouts (subject, network, failures, failed_at, expires_at)
SELECT CAST('$NAME-' || n AS $BYTES), CAST('' AS $BYTES), 1, $AT, $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO familiar_networks (account_id, network_mac, seen_at)
SELECT (SELECT MIN(id) FROM accounts), CAST('$NAME-' || n AS $BYTES), $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO account_tokens (account_id, token_mac, sealed, sid, created_at, deleted_at)
SELECT '$NAME-' || n, CAST('$NAME-' || n AS $BYTES), CAST('$NAME-' || n AS $BYTES), '$NAME-' || n, $AT, $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO application_revisions (id, revision, changed_at)
SELECT '$NAME-' || n, 2, $AT FROM n;

WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
INSERT INTO audit_events (id, at, action, actor, outcome)
SELECT '$NAME-' || n, $AT, '$NAME', 'growth', 'success' FROM n;
