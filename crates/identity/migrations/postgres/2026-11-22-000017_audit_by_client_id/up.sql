CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_events_by_client_id ON audit_events (client_id, at, id) WHERE client_id IS NOT NULL;
