-- What the service may do in its database, after every migration; see identity.sql.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tessera_base_token;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, tessera_base_token;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tessera_base_token;
REVOKE INSERT, UPDATE, DELETE ON tessera_migrations FROM tessera_base_token;
