DROP TABLE audit_heads;
DROP TABLE audit_chain;
DROP TRIGGER audit_events_unsealed ON audit_events;
DROP FUNCTION audit_events_unsealed();
DROP TABLE audit_unsealed;
