//! Migrations: embedded in the binary, one list for each backend, recorded by component.
//!
//! The bookkeeping is not diesel's: its table knows no component, so that two services sharing a database would each
//! take the other's version for its own.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use diesel::{
    backend::Backend as DieselBackend,
    connection::SimpleConnection as _,
    dsl::sql,
    migration::{Migration, MigrationSource},
    pg::Pg,
    prelude::*,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};
use diesel_migrations::EmbeddedMigrations;

use crate::{DbConn, StoreError, transaction};

/// A component's tables: `embed_migrations!("migrations/sqlite")` and `embed_migrations!("migrations/postgres")`, with the
/// same versions in both.
pub struct Migrations {
    /// The component, such as `identity`; its versions are recorded under this name.
    pub name: &'static str,
    /// For SQLite. They run in one transaction with foreign keys off, which are checked before it commits.
    pub sqlite: EmbeddedMigrations,
    /// For PostgreSQL. Each runs in a transaction of its own, or in none with `run_in_transaction = false`: that one is a
    /// single `CREATE INDEX CONCURRENTLY IF NOT EXISTS`, which may be cut off and run again.
    pub postgres: EmbeddedMigrations,
}

diesel::table! {
    tessera_migrations (component, version) {
        component -> Text,
        version -> Text,
    }
}

const BOOKKEEPING: &str = "CREATE TABLE IF NOT EXISTS tessera_migrations (
    component TEXT NOT NULL,
    version TEXT NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
)";

/// One lock for all components, since the bookkeeping table is common to them. Any number no other program uses.
const LOCK: i64 = 0x7E55_E4A0;

/// A statement that waits for a table holds up everybody who comes after it: the replicas at work. So it gives way and
/// tries again.
const GIVE_WAY: &str = "SET lock_timeout = '1s'";
const GAVE_WAY: &str = "canceling statement due to lock timeout";
/// How long it goes on trying.
const PATIENCE: Duration = Duration::from_mins(5);

pub(crate) fn pending(conn: &mut DbConn, migrations: &Migrations) -> Result<Vec<String>, StoreError> {
    let applied = applied(conn, migrations.name)?;
    Ok(versions(conn, migrations)?.into_iter().filter(|version| !applied.contains(version)).collect())
}

pub(crate) fn migrate(conn: &mut DbConn, migrations: &Migrations) -> Result<Vec<String>, StoreError> {
    tell_of_newer(conn, migrations)?;
    if pending(conn, migrations)?.is_empty() {
        return Ok(Vec::new()); // the usual start: no lock, no write
    }
    match conn {
        DbConn::Sqlite(_) => transaction::run(conn, |conn| {
            let versions = apply_pending(conn, migrations)?;
            check_foreign_keys(conn, migrations.name)?;
            Ok(versions)
        })
        .map_err(transaction::Failure::into_error),
        DbConn::Pg(_) => {
            wait_for_lock(conn)?;
            apply_pending(conn, migrations)
        }
    }
}

/// Each version's schema serves the program of the version before, which starts on it and goes on with what it knows.
fn tell_of_newer(conn: &mut DbConn, migrations: &Migrations) -> Result<(), StoreError> {
    let (applied, known) = (applied(conn, migrations.name)?, versions(conn, migrations)?);
    if let Some(version) = applied.difference(&known).last() {
        tracing::warn!(
            component = migrations.name,
            version,
            "the database is of a newer version of this program: it has migration {version}"
        );
    }
    Ok(())
}

fn apply_pending(conn: &mut DbConn, migrations: &Migrations) -> Result<Vec<String>, StoreError> {
    conn.batch_execute(BOOKKEEPING)?;
    let versions = pending(conn, migrations)?;
    for version in &versions {
        apply(conn, migrations, version)?;
        tracing::info!(component = migrations.name, version, "applied migration {version}");
    }
    Ok(versions)
}

fn apply(conn: &mut DbConn, migrations: &Migrations, version: &str) -> Result<(), StoreError> {
    let failed = |reason: String| StoreError::Migration {
        component: migrations.name,
        version: version.to_owned(),
        reason,
    };
    match conn {
        DbConn::Sqlite(sqlite) => {
            find(&migrations.sqlite, version)?.run(sqlite).map_err(|error| failed(error.to_string()))?;
            record(conn, migrations.name, version)
        }
        DbConn::Pg(_) => {
            let migration = find(&migrations.postgres, version)?;
            let run = |conn: &mut DbConn| {
                let DbConn::Pg(pg) = conn else { return Ok(()) };
                migration.run(pg).map_err(|error| failed(error.to_string()))?;
                record(conn, migrations.name, version)
            };
            if migration.metadata().run_in_transaction() {
                giving_way(conn, |conn| transaction::run(conn, run).map_err(transaction::Failure::into_error))
            } else {
                drop_unfinished_indexes(conn)?;
                run(conn)
            }
        }
    }
}

fn giving_way(
    conn: &mut DbConn,
    attempt: impl Fn(&mut DbConn) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (start, mut waited) = (Instant::now(), false);
    conn.batch_execute(GIVE_WAY)?;
    loop {
        match attempt(conn) {
            Err(error) if gave_way(&error) && start.elapsed() < PATIENCE => {
                if !std::mem::replace(&mut waited, true) {
                    tracing::info!("a migration waits for a table that is in use");
                }
                std::thread::sleep(Duration::from_millis(500));
            }
            outcome => return outcome,
        }
    }
}

fn gave_way(error: &StoreError) -> bool {
    match error {
        StoreError::Migration { reason, .. } => reason.contains(GAVE_WAY),
        StoreError::Query(cause) => cause.to_string().contains(GAVE_WAY),
        _ => false,
    }
}

/// What a `CREATE INDEX CONCURRENTLY` leaves behind that was cut off: an index of that name, which is never used and costs
/// every write. Nobody else builds indexes as long as this connection has the lock. And since no other statement queues
/// behind one that is concurrent, it may wait as long as it takes.
fn drop_unfinished_indexes(conn: &mut DbConn) -> Result<(), StoreError> {
    let unfinished = sql::<Text>(
        "quote_ident(relname) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY relname",
    );
    conn.batch_execute("SET lock_timeout = 0")?;
    for name in diesel::select(unfinished).load::<String>(conn)? {
        conn.batch_execute(&format!("DROP INDEX CONCURRENTLY {name}"))?;
        tracing::info!("dropped the unfinished index {name}");
    }
    Ok(())
}

fn record(conn: &mut DbConn, component: &str, version: &str) -> Result<(), StoreError> {
    let row = (tessera_migrations::component.eq(component), tessera_migrations::version.eq(version));
    diesel::insert_into(tessera_migrations::table).values(row).execute(conn)?;
    Ok(())
}

/// Asks again and again instead of waiting inside PostgreSQL, where the waiting statement's snapshot would keep a
/// `CREATE INDEX CONCURRENTLY` of the one who holds the lock from ever finishing. Closing the connection releases it.
fn wait_for_lock(conn: &mut DbConn) -> Result<(), StoreError> {
    let mut waited = false;
    loop {
        let lock = sql::<Bool>("pg_try_advisory_lock(").bind::<BigInt, _>(LOCK).sql(")");
        if diesel::select(lock).get_result(conn)? {
            return Ok(());
        }
        if !std::mem::replace(&mut waited, true) {
            tracing::info!("waiting for the migrations of another replica");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn check_foreign_keys(conn: &mut DbConn, component: &'static str) -> Result<(), StoreError> {
    let orphans: i64 =
        diesel::select(sql::<BigInt>("(SELECT count(*) FROM pragma_foreign_key_check)")).get_result(conn)?;
    if orphans == 0 {
        return Ok(());
    }
    let reason = format!("{orphans} rows would refer to rows that do not exist");
    Err(StoreError::Migration { component, version: "last".to_owned(), reason })
}

pub(crate) fn applied(conn: &mut DbConn, component: &str) -> Result<BTreeSet<String>, StoreError> {
    let exists = match conn {
        DbConn::Sqlite(_) => "EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'tessera_migrations')",
        DbConn::Pg(_) => "to_regclass('tessera_migrations') IS NOT NULL",
    };
    if !diesel::select(sql::<Bool>(exists)).get_result::<bool>(conn)? {
        return Ok(BTreeSet::new());
    }
    let versions = tessera_migrations::table
        .filter(tessera_migrations::component.eq(component))
        .select(tessera_migrations::version)
        .load::<String>(conn)?;
    Ok(versions.into_iter().collect())
}

fn versions(conn: &DbConn, migrations: &Migrations) -> Result<BTreeSet<String>, StoreError> {
    let all = match conn {
        DbConn::Sqlite(_) => list(&migrations.sqlite)?.iter().map(|m| version::<Sqlite>(m)).collect(),
        DbConn::Pg(_) => list(&migrations.postgres)?.iter().map(|m| version::<Pg>(m)).collect(),
    };
    Ok(all)
}

fn version<DB: DieselBackend>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

fn list<DB: DieselBackend>(source: &EmbeddedMigrations) -> Result<Vec<Box<dyn Migration<DB>>>, StoreError> {
    source.migrations().map_err(|error| StoreError::corrupt("migrations", error))
}

fn find<DB: DieselBackend>(
    source: &EmbeddedMigrations,
    wanted: &str,
) -> Result<Box<dyn Migration<DB>>, StoreError> {
    list(source)?
        .into_iter()
        .find(|migration| version::<DB>(migration) == wanted)
        .ok_or_else(|| StoreError::corrupt("migrations", format!("no version {wanted}")))
}
