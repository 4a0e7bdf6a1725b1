DROP TABLE identity_leases;
