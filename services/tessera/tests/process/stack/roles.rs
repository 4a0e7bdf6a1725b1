//! A database role for each service, as operators make them.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Bool;

use super::{Stack, Topology};

/// What the roles are granted, as it is shipped.
pub(crate) fn grants() -> String {
    test_kit::checked_in("k8s/components/database-roles/grants").display().to_string()
}

/// Each service with its database, its role, and where the setting is.
const ROLES: [(&str, usize, &str, &str); 6] = [
    ("auth-server", 0, "identity", "tessera_auth_server"),
    ("agenda", 0, "identity", "tessera_agenda"),
    ("provisioning", 0, "identity", "tessera_provisioning"),
    ("rooms", 1, "rooms", "tessera_rooms"),
    ("applications", 2, "applications", "tessera_applications"),
    ("base-token", 3, "bases", "tessera_base_token"),
];

impl Stack {
    /// A stack of separate services that runs, each with the rights of its own database role and no more. The operator's
    /// commands have the auth server's in the directory, and else the service's whose database it is.
    pub(crate) async fn start_with_roles() -> Self {
        let mut stack = super::Plan::new(Topology::Separate).idle();
        stack.tessera(&["migrate"]).expect(0);
        for (service, database, owner, role) in ROLES {
            let name = format!("TESSERA_{}__DATABASE__URL", owner.to_uppercase());
            let url = stack.databases[database].url_as(owner, role);
            if owner != "identity" || service == "auth-server" {
                stack.operator.retain(|(known, _)| *known != name);
                stack.operator.push((name.clone(), url.clone()));
            }
            let unit = stack.units().find(|unit| unit.name() == service).expect("a service");
            unit.set(&name, url);
        }
        for unit in stack.units() {
            // The auth server first: the others wait for it.
            unit.start().await;
        }
        stack
    }

    /// The variables that let a command work on the databases as their owner.
    pub(crate) fn owner(&self) -> Vec<(String, String)> {
        let names = ["IDENTITY", "ROOMS", "APPLICATIONS", "BASES"].into_iter();
        let databases = names.zip(&self.databases);
        databases.map(|(name, database)| (format!("TESSERA_{name}__DATABASE__URL"), database.url())).collect()
    }

    /// Makes the roles, without granting them anything that lasts.
    pub(crate) fn make_roles(&self) {
        self.tessera(&["migrate"]).expect(0);
        for (_, database, owner, role) in ROLES {
            let _ = self.databases[database].url_as(owner, role);
        }
    }

    /// Runs SQL in the directory, as its owner.
    pub(crate) fn identity_sql(&self, sql: &str) {
        self.identity_connection().batch_execute(sql).expect("SQL");
    }

    /// Whether a role may read this table of the directory, or the part of it that is secret.
    pub(crate) fn may_select(&self, role: &str, table: &str) -> bool {
        self.may(role, table, "SELECT")
    }

    /// Whether a role has this right on the whole of a table of the directory.
    pub(crate) fn may(&self, role: &str, table: &str, right: &str) -> bool {
        #[derive(QueryableByName)]
        struct Answer {
            #[diesel(sql_type = Bool)]
            may: bool,
        }
        let query = format!("SELECT has_table_privilege('{role}', '{table}', '{right}') AS may");
        sql_query(query).get_result::<Answer>(&mut self.identity_connection()).expect("an answer").may
    }

    fn identity_connection(&self) -> PgConnection {
        let database = self.databases.first().expect("PostgreSQL");
        PgConnection::establish(&database.url()).expect("the identity database")
    }
}
