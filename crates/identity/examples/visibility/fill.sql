-- Fills an empty directory with as many organisations as the setting `fill.organizations` says, of 110 agents each: 100 of
-- its own, the first of them its admin, and every tenth of the organisation before it. Ten services, the first of which
-- is the secretariat. Five organisations make a territory, which its third agent administers. Four absences an agent.
-- Ids are derived from numbers, so that every directory has the same first organisation.
CREATE TEMPORARY TABLE fill_agents AS
SELECT number, md5(number::TEXT)::UUID::TEXT AS id, (number - 1) / 100 + 1 AS organization
FROM generate_series(1, current_setting('fill.organizations')::BIGINT * 100) AS number;

INSERT INTO territories (id, name, created_at, updated_at)
SELECT 't' || number, 'Territory ' || number, now(), now()
FROM generate_series(0, (current_setting('fill.organizations')::BIGINT - 1) / 5) AS number;
INSERT INTO services (id, name, created_at, updated_at)
SELECT 's' || number, CASE WHEN number = 0 THEN 'Secrétariat' ELSE 'Service ' || number END, now(), now()
FROM generate_series(0, 9) AS number;
INSERT INTO organizations (id, name, territory_id, created_at, updated_at)
SELECT 'o' || number, 'Organisation ' || number, 't' || (number - 1) / 5, now(), now()
FROM generate_series(1, current_setting('fill.organizations')::BIGINT) AS number;

INSERT INTO accounts (id, login, login_key, email, email_key, given_name, family_name, roles, provisional, enabled,
    created_at, updated_at)
SELECT id, 'agent-' || number, 'agent-' || number, 'agent-' || number || '@example.org',
    'agent-' || number || '@example.org', 'Given', 'Family', '[]', FALSE, TRUE,
    TIMESTAMP '2026-01-01' + number * INTERVAL '1 second', now()
FROM fill_agents ORDER BY number;
INSERT INTO account_organizations (account_id, organization_id, role)
SELECT id, 'o' || organization, CASE WHEN number % 100 = 1 THEN 'ADMIN' ELSE 'AGENT' END FROM fill_agents;
INSERT INTO account_organizations (account_id, organization_id, role)
SELECT id, 'o' || (organization % current_setting('fill.organizations')::BIGINT + 1), 'AGENT'
FROM fill_agents WHERE number % 10 = 0;
INSERT INTO account_services (account_id, service_id, position)
SELECT id, 's' || number % 10, 0 FROM fill_agents;
INSERT INTO account_territories (account_id, territory_id)
SELECT id, 't' || (organization - 1) / 5 FROM fill_agents WHERE number % 500 = 3;
INSERT INTO absences (account_id, title, first_day, start_time, end_day, end_time, created_at, updated_at)
SELECT id, 'Absence', day, '08:00', day, '12:00', now(), now()
FROM (
    SELECT id, DATE '2026-01-01' + ((number * 7 + turn * 31) % 300)::INTEGER AS day
    FROM fill_agents, generate_series(1, 4) AS turn
) AS planned;

DROP TABLE fill_agents;
