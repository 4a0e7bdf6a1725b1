-- The group `admin` stays: somebody may have made it.
DROP TABLE group_subadmins;
DROP TABLE group_admins;
DROP TRIGGER groups_number_given;
DROP TABLE group_counter;
DROP INDEX groups_number;
DROP INDEX groups_owner_id;
ALTER TABLE groups DROP COLUMN number;
ALTER TABLE groups DROP COLUMN name_key;
ALTER TABLE groups DROP COLUMN id_key;
ALTER TABLE groups DROP COLUMN owner_id;
