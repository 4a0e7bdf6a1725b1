DROP INDEX audit_events_by_client_id;
