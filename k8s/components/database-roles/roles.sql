-- The roles of an installation, one for each service that has a database and one that owns the tables. Run it as somebody who
-- may make roles; it can be run again. Passwords are not here: `\password tessera_rooms`, and so on.
DO $$
DECLARE
    wanted TEXT;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'tessera_owner',
        'tessera_agenda',
        'tessera_applications',
        'tessera_auth_server',
        'tessera_base_token',
        'tessera_provisioning',
        'tessera_rooms'
    ] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', wanted);
        END IF;
    END LOOP;
END
$$;
