DROP INDEX refresh_families_application_id;
ALTER TABLE refresh_families DROP COLUMN application_deleted;
DROP TABLE application_revisions;
DROP TABLE application_statuses;
