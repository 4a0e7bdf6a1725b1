DROP TABLE bases_leases;
