DROP INDEX client_secrets_expires_at;
DROP TABLE identity_leases;
