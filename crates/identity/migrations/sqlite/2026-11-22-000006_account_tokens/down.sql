DROP TABLE app_passwords;
DROP TABLE account_tokens;
