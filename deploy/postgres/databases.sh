#!/usr/bin/env bash
# One database for each owner, and a role that owns it and has nothing else. The image of PostgreSQL runs this when its
# volume is empty.
set -euo pipefail
secrets=${TESSERA_SECRETS:-/run/secrets}

for name in applications bases identity rooms; do
    # By standard input: command lines can be seen by everybody on the machine.
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
\set name $name
\set password \`cat '$secrets/$name-database-password'\`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
