-- The four databases, owned by the role that migrates them and open to the roles of their services alone. Run it with psql
-- after roles.sql, as somebody who may make databases; once.
\set ON_ERROR_STOP on
CREATE DATABASE tessera_identity OWNER tessera_owner;
CREATE DATABASE tessera_applications OWNER tessera_owner;
CREATE DATABASE tessera_bases OWNER tessera_owner;
CREATE DATABASE tessera_rooms OWNER tessera_owner;

REVOKE ALL ON DATABASE tessera_identity, tessera_applications, tessera_bases, tessera_rooms FROM PUBLIC;
GRANT CONNECT ON DATABASE tessera_identity TO tessera_auth_server, tessera_agenda, tessera_provisioning;
GRANT CONNECT ON DATABASE tessera_applications TO tessera_applications;
GRANT CONNECT ON DATABASE tessera_bases TO tessera_base_token;
GRANT CONNECT ON DATABASE tessera_rooms TO tessera_rooms;

-- Until PostgreSQL 14 everybody may make tables in the schema `public`.
\connect tessera_identity
ALTER SCHEMA public OWNER TO tessera_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect tessera_applications
ALTER SCHEMA public OWNER TO tessera_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect tessera_bases
ALTER SCHEMA public OWNER TO tessera_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect tessera_rooms
ALTER SCHEMA public OWNER TO tessera_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
