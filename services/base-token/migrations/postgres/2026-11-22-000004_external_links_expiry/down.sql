DROP INDEX external_links_expires_at;
