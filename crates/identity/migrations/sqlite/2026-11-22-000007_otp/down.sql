DROP TABLE trusted_devices;
DROP TABLE otp_recovery_codes;
DROP TABLE account_otps;
