CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_events_by_action ON audit_events (action, at, id);
