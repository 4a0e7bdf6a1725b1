CREATE INDEX CONCURRENTLY IF NOT EXISTS client_secrets_expires_at ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;
