-- $COUNT rooms. Accounts own ten of them each, from the second one on; the first one is a member of all.

INSERT INTO rooms (id, name, slug, access_level, configuration, created_by_client_id, created_at, updated_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT '20000000-0000-7000-8000-' || $HEX, 'Growth ' || n, 'growth-' || n, 'trusted', '{}', 'bench-meet', $NOW, $NOW
FROM n;

INSERT INTO accesses (id, room_id, account_id, role, created_at, updated_at)
WITH RECURSIVE m (m) AS (SELECT 1 UNION ALL SELECT m + 1 FROM m WHERE m < $COUNT),
    numbered (n, room) AS (SELECT (m - 1) / 10 + 2, '20000000-0000-7000-8000-' || $ROOM FROM m)
SELECT '30000000' || substr(room, 9), room, '10000000-0000-7000-8000-' || $HEX, 'owner', $NOW, $NOW FROM numbered;

INSERT INTO accesses (id, room_id, account_id, role, created_at, updated_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $COUNT)
SELECT '50000000-0000-7000-8000-' || $HEX, '20000000-0000-7000-8000-' || $HEX, '10000000-0000-7000-8000-000000000001',
    'member', $NOW, $NOW
FROM n;
