-- Second factors (RFC 6238). The secret is sealed; last_step is the newest step a code was accepted for.
CREATE TABLE account_otps (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sealed_secret BLOB NOT NULL,
    enrolled_at TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    last_step BIGINT NOT NULL
);

-- Codes for whoever has lost the device, as keyed hashes. They go with the factor they stand in for.
CREATE TABLE otp_recovery_codes (
    account_id TEXT NOT NULL REFERENCES account_otps (account_id) ON DELETE CASCADE,
    code_mac BLOB NOT NULL,
    PRIMARY KEY (account_id, code_mac)
);

-- Devices that need no code for a while, as keyed hashes of what they present.
CREATE TABLE trusted_devices (
    account_id TEXT NOT NULL REFERENCES account_otps (account_id) ON DELETE CASCADE,
    device_mac BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, device_mac)
);
CREATE INDEX trusted_devices_expires_at ON trusted_devices (expires_at);
