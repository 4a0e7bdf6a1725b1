DROP TABLE absences;
DROP TRIGGER accounts_service_id_updated ON accounts;
DROP TRIGGER accounts_service_id_inserted ON accounts;
DROP FUNCTION accounts_service_id();
DROP TABLE account_territories;
DROP TABLE account_services;
DROP INDEX organizations_territory_id;
ALTER TABLE organizations
    DROP COLUMN verticale,
    DROP COLUMN email,
    DROP COLUMN phone_number,
    DROP COLUMN territory_id,
    DROP COLUMN number;
DROP TABLE services;
DROP TABLE territories;
