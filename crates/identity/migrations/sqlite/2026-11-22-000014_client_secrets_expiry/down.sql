DROP INDEX client_secrets_expires_at;
