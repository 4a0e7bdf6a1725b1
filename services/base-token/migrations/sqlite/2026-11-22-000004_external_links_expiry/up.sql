CREATE INDEX external_links_expires_at ON external_links (expires_at) WHERE expires_at IS NOT NULL;
