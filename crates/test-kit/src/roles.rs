//! Databases as a service of its own sees them: with the rights of its role and no more.

use std::fs;

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use url::Url;

use crate::{Backend, TestDatabase, checked_in};

/// Where operators find the roles and what each is granted.
const FOLDER: &str = "k8s/components/database-roles";

impl TestDatabase {
    /// Its URL for one of the roles that operators make, such as `tessera_agenda`, once `owner` (`identity`, `rooms`, …) has
    /// its tables. On SQLite there are no roles: the same URL.
    ///
    /// # Panics
    /// When the roles cannot be made, or the grants do not fit the tables.
    #[must_use]
    pub fn url_as(&self, owner: &str, role: &str) -> String {
        if self.backend() == Backend::Sqlite {
            return self.url();
        }
        let mut url = Url::parse(&self.url()).expect("a URL");
        let mut conn = PgConnection::establish(url.as_str()).expect("the server of the tests");
        // One at a time: the roles are common to all databases of the server.
        let roles = format!("SELECT pg_advisory_lock(20261122); {}", read("roles.sql"));
        conn.batch_execute(&roles).unwrap_or_else(|error| panic!("roles.sql: {error}"));
        let grants = format!("BEGIN; {} COMMIT;", read(&format!("grants/{owner}.sql")));
        conn.batch_execute(&grants).unwrap_or_else(|error| panic!("grants/{owner}.sql: {error}"));
        url.set_username(role).expect("a URL with a host");
        url.into()
    }
}

fn read(name: &str) -> String {
    let path = checked_in(FOLDER).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
