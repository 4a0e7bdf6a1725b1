-- Since when its owner is gone. Such a workspace is forgotten with the last base that was in it.
ALTER TABLE workspaces ADD COLUMN left_at TIMESTAMP;
CREATE INDEX workspaces_left_at ON workspaces (left_at) WHERE left_at IS NOT NULL;
-- Those in the trash, too.
CREATE INDEX bases_workspace_id ON bases (workspace_id, id);
