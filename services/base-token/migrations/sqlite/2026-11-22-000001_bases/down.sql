DROP TABLE base_token_keys;
DROP TABLE base_token_secrets;
DROP TABLE external_links;
DROP TABLE group_shares;
DROP TABLE user_shares;
DROP TABLE api_tokens;
DROP TABLE bases;
DROP TABLE workspaces;
