-- What the service may do in its database, after every migration; see identity.sql.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tessera_applications;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, tessera_applications;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tessera_applications;
REVOKE INSERT, UPDATE, DELETE ON tessera_migrations FROM tessera_applications;
