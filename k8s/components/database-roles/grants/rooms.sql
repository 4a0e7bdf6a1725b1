-- What the service may do in its database, after every migration; see identity.sql.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tessera_rooms;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, tessera_rooms;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tessera_rooms;
REVOKE INSERT, UPDATE, DELETE ON tessera_migrations FROM tessera_rooms;
