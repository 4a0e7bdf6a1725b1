-- Events from before the chain.
INSERT INTO audit_unsealed (event_id)
SELECT id FROM audit_events
WHERE NOT EXISTS (SELECT 1 FROM audit_chain WHERE audit_chain.event_id = audit_events.id)
ON CONFLICT DO NOTHING;
