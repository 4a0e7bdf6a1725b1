//! Databases that live as long as a test.

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use crate::recorder;

/// Names the PostgreSQL server of the tests: a superuser's URL.
const SERVER: &str = "TESSERA_TEST_POSTGRES_URL";

/// Which kind of database a test runs on: `#[values(Backend::Sqlite, Backend::Postgres)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary directory.
    Sqlite,
    /// A new database on the server of the tests.
    Postgres,
}

/// An empty database, removed on drop.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Directory(#[expect(dead_code, reason = "removes the directory when it goes")] TempDir),
    Server { admin: String, name: String },
}

impl TestDatabase {
    /// Makes one on this backend.
    ///
    /// # Panics
    /// Without a PostgreSQL server in `TESSERA_TEST_POSTGRES_URL`, or when it refuses.
    #[must_use]
    pub fn on(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres(),
        }
    }

    /// A file that does not exist yet, in a directory that does.
    ///
    /// # Panics
    /// When there is no temporary directory.
    #[must_use]
    pub fn sqlite() -> Self {
        recorder::record_if_asked();
        let directory = TempDir::new().expect("a temporary directory");
        let url = format!("sqlite:{}", directory.path().join("test.db").display());
        Self { url, home: Home::Directory(directory) }
    }

    /// A new database on the server of the tests.
    ///
    /// # Panics
    /// Without such a server.
    #[must_use]
    pub fn postgres() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests have no settings; this is the one variable they read"
        )]
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} is not set: this test needs a PostgreSQL it may create databases on; \
                 `make test` and `.ci/with-postgres <command>` start one"
            )
        });
        Self::on_server(&server)
    }

    /// A new database on the server of this superuser's URL.
    ///
    /// # Panics
    /// When the server does not answer or refuses.
    #[must_use]
    pub fn on_server(server: &str) -> Self {
        recorder::record_if_asked();
        let name = format!("tessera_test_{}", Uuid::new_v4().simple());
        let mut url = Url::parse(server).unwrap_or_else(|error| panic!("{SERVER} is not a URL: {error}"));
        admin(server).batch_execute(&format!("CREATE DATABASE {name}")).expect("may create a database");
        url.set_path(&name);
        Self { url: url.into(), home: Home::Server { admin: server.to_owned(), name } }
    }

    /// The superuser's URL of the server that it is on, if it is on one.
    pub(crate) fn server(&self) -> Option<&str> {
        match &self.home {
            Home::Directory(_) => None,
            Home::Server { admin, .. } => Some(admin),
        }
    }

    /// Its URL, as the settings of a service take it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether a file or a server's.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.home {
            Home::Directory(_) => Backend::Sqlite,
            Home::Server { .. } => Backend::Postgres,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Home::Server { admin: server, name } = &self.home else { return };
        // The test has its verdict already; a server that has gone away takes its databases along.
        if let Ok(mut conn) = PgConnection::establish(server) {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

pub(crate) fn admin(server: &str) -> PgConnection {
    PgConnection::establish(server)
        .unwrap_or_else(|error| panic!("the PostgreSQL of the tests ({SERVER}) does not answer: {error}"))
}
