-- The group `admin` stays: somebody may have made it.
DROP TABLE group_subadmins;
DROP TABLE group_admins;
DROP INDEX groups_owner_id;
ALTER TABLE groups
    DROP COLUMN number,
    DROP COLUMN name_key,
    DROP COLUMN id_key,
    DROP COLUMN owner_id;
