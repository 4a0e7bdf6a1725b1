//! The databases of the platform at the version before, and at this one.

use diesel::{
    connection::SimpleConnection as _,
    migration::{Migration, MigrationSource as _},
    pg::Pg,
    sqlite::Sqlite,
};
use store::{DatabaseSettings, Db, DbConn, Migrations, StoreError};
use test_kit::{Backend, TestDatabase};

/// The last migration of each component at the version before: `identity 20261122000010`, one a line.
const PREVIOUS: &str = include_str!("previous/schema.txt");

const BOOKKEEPING: &str = "CREATE TABLE tessera_migrations (
    component TEXT NOT NULL,
    version TEXT NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
)";

/// Every component that has tables.
pub(crate) fn components() -> [&'static Migrations; 4] {
    [
        &identity::MIGRATIONS,
        &rooms::store::MIGRATIONS,
        &applications::store::MIGRATIONS,
        &base_token::store::MIGRATIONS,
    ]
}

/// The version that a component had.
pub(crate) fn previous(component: &Migrations) -> &'static str {
    let line = |line: &'static str| line.strip_prefix(component.name)?.strip_prefix(' ');
    PREVIOUS
        .lines()
        .find_map(line)
        .unwrap_or_else(|| panic!("previous/schema.txt says nothing of {}", component.name))
}

/// One component's database, which lives as long as this.
pub(crate) struct Schema {
    pub(crate) component: &'static Migrations,
    pub(crate) db: Db,
    _database: TestDatabase,
}

impl Schema {
    /// As the version before left it.
    pub(crate) async fn before(component: &'static Migrations, backend: Backend) -> Self {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.write(move |conn| create(conn, component)).await.unwrap();
        Self { component, db, _database: database }
    }

    /// Brings it to this version, as a start does.
    pub(crate) async fn upgrade(&self) -> Vec<String> {
        self.db.migrate(self.component).await.unwrap()
    }

    /// Runs a query that gives one column of text.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        use diesel::{RunQueryDsl as _, sql_query};
        let load = move |conn: &mut DbConn| {
            Ok::<_, StoreError>(store::on_backend!(conn, |c| sql_query(query).load::<Text>(c))?)
        };
        self.db.read(load).await.unwrap().into_iter().map(|row| row.value).collect()
    }
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn create(conn: &mut DbConn, component: &'static Migrations) -> Result<(), StoreError> {
    let mut versions = Vec::new();
    match conn {
        DbConn::Sqlite(conn) => {
            for migration in until::<Sqlite>(component.sqlite.migrations().unwrap(), previous(component)) {
                migration.run(conn).unwrap();
                versions.push(migration.name().version().to_string());
            }
        }
        DbConn::Pg(conn) => {
            for migration in until::<Pg>(component.postgres.migrations().unwrap(), previous(component)) {
                migration.run(conn).unwrap();
                versions.push(migration.name().version().to_string());
            }
        }
    }
    assert_eq!(
        versions.last().map(String::as_str),
        Some(previous(component)),
        "{} has no such migration",
        component.name
    );
    conn.batch_execute(BOOKKEEPING)?;
    for version in versions {
        let row = format!("('{}', '{version}')", component.name);
        conn.batch_execute(&format!("INSERT INTO tessera_migrations (component, version) VALUES {row}"))?;
    }
    Ok(())
}

fn until<DB: diesel::backend::Backend>(
    migrations: Vec<Box<dyn Migration<DB>>>,
    last: &str,
) -> Vec<Box<dyn Migration<DB>>> {
    let version = |migration: &dyn Migration<DB>| migration.name().version().to_string();
    let mut until: Vec<_> =
        migrations.into_iter().filter(|migration| version(migration.as_ref()).as_str() <= last).collect();
    until.sort_by_key(|migration| version(migration.as_ref()));
    until
}
