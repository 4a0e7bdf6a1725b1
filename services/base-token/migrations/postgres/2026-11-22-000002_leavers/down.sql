DROP INDEX bases_workspace_id;
DROP INDEX workspaces_left_at;
ALTER TABLE workspaces DROP COLUMN left_at;
