-- Whether somebody other than the account's owner, and with a right to, has said that the e-mail address is its owner's.
-- Expand only: what a replica of the version before writes comes from operators.
ALTER TABLE accounts ADD COLUMN email_vouched BOOLEAN NOT NULL DEFAULT TRUE;
