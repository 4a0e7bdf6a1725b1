DROP TABLE audit_events;
DROP TABLE signing_keys;
DROP TABLE revocation_counter;
DROP TABLE revocations;
DROP TABLE refresh_families;
