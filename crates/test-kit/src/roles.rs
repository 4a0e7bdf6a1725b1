//! Databases as a service of its own sees them: with the rights of its role and no more.

use std::fs;

use diesel::connection::SimpleConnection as _;
use url::Url;

use crate::database::admin;
use crate::{TestDatabase, checked_in};

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
        let Some(server) = self.server() else { return self.url() };
        // One at a time, in a database that all tests share: the roles are the server's, but a lock is its database's.
        let roles = format!("SELECT pg_advisory_lock(20261122); {}", read("roles.sql"));
        admin(server).batch_execute(&roles).unwrap_or_else(|error| panic!("roles.sql: {error}"));
        let mut url = Url::parse(&self.url()).expect("a URL");
        let grants = format!("BEGIN; {} COMMIT;", read(&format!("grants/{owner}.sql")));
        let done = admin(url.as_str()).batch_execute(&grants);
        done.unwrap_or_else(|error| panic!("grants/{owner}.sql: {error}"));
        url.set_username(role).expect("a URL with a host");
        url.into()
    }
}

fn read(name: &str) -> String {
    let path = checked_in(FOLDER).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
