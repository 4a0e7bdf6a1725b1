-- What each service may do in the directory, after every migration: `tessera migrate --grants` runs it as the owner of the
-- tables, in one transaction. It takes everything back first, so that what stands here is all there is.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tessera_auth_server, tessera_agenda, tessera_provisioning;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, tessera_auth_server, tessera_agenda, tessera_provisioning;
GRANT SELECT ON tessera_migrations TO tessera_auth_server, tessera_agenda, tessera_provisioning;

-- auth-server, and the command line: everything but the schema.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tessera_auth_server;
REVOKE INSERT, UPDATE, DELETE ON tessera_migrations FROM tessera_auth_server;
-- What was recorded is never changed.
REVOKE UPDATE ON audit_events FROM tessera_auth_server;

-- agenda: nothing that anybody signs in with.
GRANT SELECT ON
    absences, account_groups, account_organizations, account_services, account_territories, accounts, organizations,
    services, territories
    TO tessera_agenda;
GRANT INSERT, UPDATE, DELETE ON absences TO tessera_agenda;
GRANT UPDATE (name, phone_number, email, verticale, updated_at) ON organizations TO tessera_agenda;
GRANT INSERT ON audit_events, audit_unsealed TO tessera_agenda;

-- provisioning: sets passwords and reads none.
GRANT SELECT ON
    account_details, account_groups, account_mails, account_organizations, account_search, account_services,
    account_sign_ins, account_territories, accounts, app_config, apps, group_admins, group_subadmins, groups, organizations,
    services, territories, user_preferences
    TO tessera_provisioning;
GRANT INSERT, UPDATE, DELETE ON
    account_details, account_groups, account_mails, account_search, accounts, app_config, apps, group_subadmins, groups,
    user_preferences
    TO tessera_provisioning;
GRANT INSERT, DELETE ON account_organizations, account_services, account_territories, group_admins TO tessera_provisioning;
GRANT SELECT (account_id), INSERT, UPDATE (hash, updated_at) ON account_passwords TO tessera_provisioning;
-- Whoever leaves, or is disabled, is signed out; of what they had is told how much.
GRANT SELECT, INSERT, DELETE ON revocations TO tessera_provisioning;
GRANT SELECT, UPDATE ON revocation_counter TO tessera_provisioning;
GRANT SELECT (account_id, client_id, sid, revoked_reason), UPDATE (revoked_reason) ON refresh_families TO tessera_provisioning;
GRANT SELECT (account_id, sid), DELETE ON device_sessions TO tessera_provisioning;
GRANT SELECT (account_id, sid, deleted_at), UPDATE (sid, deleted_at), DELETE ON account_tokens TO tessera_provisioning;
GRANT SELECT (id, account_id, sid), UPDATE (sid), DELETE ON app_passwords TO tessera_provisioning;
GRANT SELECT (account_id), DELETE ON trusted_devices TO tessera_provisioning;
GRANT SELECT (account_id) ON absences, account_otps TO tessera_provisioning;
GRANT INSERT ON audit_events, audit_unsealed TO tessera_provisioning;
