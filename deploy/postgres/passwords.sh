#!/usr/bin/env bash
# Gives each role its password, after roles.sql and databases.sql of k8s/components/database-roles. The image of PostgreSQL runs
# the three when its volume is empty.
set -euo pipefail
secrets=${TESSERA_SECRETS:-/run/secrets}

for role in owner agenda applications auth-server base-token provisioning rooms; do
    # By standard input: command lines can be seen by everybody on the machine.
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
\set role tessera_${role//-/_}
\set password \`cat '$secrets/$role-database-password'\`
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
