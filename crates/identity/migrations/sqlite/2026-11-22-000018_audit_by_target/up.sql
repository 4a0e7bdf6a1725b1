CREATE INDEX IF NOT EXISTS audit_events_by_target ON audit_events (target, at, id) WHERE target IS NOT NULL;
