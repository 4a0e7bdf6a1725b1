//! Migrations by real processes: several at once, one that is killed, and a program that is older than its database.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use rstest::rstest;
use serde_json::Value;
use test_kit::{Launch, Process, TestDatabase, binary};

use crate::stack::{Plan, Stack, Topology};

/// Processes that start at the same time.
const REPLICAS: usize = 6;

/// Which database a command works on.
#[derive(Debug)]
enum Place {
    Folder(tempfile::TempDir),
    Server(TestDatabase),
}

impl Place {
    fn of(topology: Topology) -> Self {
        match topology {
            Topology::Single => Self::Folder(tempfile::tempdir().unwrap()),
            Topology::Separate => Self::Server(TestDatabase::postgres()),
        }
    }

    /// `tessera migrate` on all four; on PostgreSQL they share one database.
    fn begin(&self) -> Process {
        let launch = Launch::new(binary("tessera")).args(["migrate", "--json"]);
        match self {
            Self::Folder(folder) => launch.env("TESSERA_DATA_DIR", folder.path().join("data")),
            Self::Server(database) => {
                ["IDENTITY", "APPLICATIONS", "BASES", "ROOMS"].iter().fold(launch, |launch, name| {
                    launch.env(&format!("TESSERA_{name}__DATABASE__URL"), database.url())
                })
            }
        }
        .start()
    }

    /// The recorded versions and everything else of the schema, one line each.
    fn schema(&self) -> (Vec<String>, Vec<String>) {
        let (mut versions, schema) = self.read();
        versions.sort();
        (versions, schema)
    }

    fn read(&self) -> (Vec<String>, Vec<String>) {
        const TABLES: &str = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS line FROM sqlite_master
            WHERE name <> 'tessera_migrations' AND name <> 'sqlite_autoindex_tessera_migrations_1' ORDER BY 1";
        const CATALOG: &str = "SELECT table_name || '.' || column_name || ' ' || data_type AS line
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'tessera_migrations'
            UNION ALL SELECT indexdef || ' ' || i.indisvalid FROM pg_indexes
            JOIN pg_index i ON i.indexrelid = indexname::regclass
            WHERE schemaname = 'public' AND tablename <> 'tessera_migrations' ORDER BY 1";
        const VERSIONS: &str =
            "SELECT component || ' ' || version AS line FROM tessera_migrations ORDER BY 1";
        match self {
            Self::Folder(folder) => {
                let (mut versions, mut schema) = (Vec::new(), Vec::new());
                for name in ["identity", "applications", "bases", "rooms"] {
                    let path = folder.path().join(format!("data/{name}.db"));
                    let Some(mut conn) = path.is_file().then(|| sqlite(&path)) else { continue };
                    if !lines(
                        &mut conn,
                        "SELECT name AS line FROM sqlite_master WHERE name = 'tessera_migrations'",
                    )
                    .is_empty()
                    {
                        versions.extend(lines(&mut conn, VERSIONS));
                    }
                    schema.extend(lines(&mut conn, TABLES));
                }
                (versions, schema)
            }
            Self::Server(database) => {
                let mut conn = PgConnection::establish(&database.url()).unwrap();
                let exists = "SELECT 'yes' AS line WHERE to_regclass('tessera_migrations') IS NOT NULL";
                let versions = if pg_lines(&mut conn, exists).is_empty() {
                    Vec::new()
                } else {
                    pg_lines(&mut conn, VERSIONS)
                };
                (versions, pg_lines(&mut conn, CATALOG))
            }
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn sqlite(path: &std::path::Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

fn lines(conn: &mut SqliteConnection, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(conn).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

fn pg_lines(conn: &mut PgConnection, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(conn).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// What a process says it has applied: `identity 20261121000001`.
fn applied(process: &mut Process) -> Vec<String> {
    assert!(process.wait().success(), "{}", process.output());
    let text = process.output();
    let json: Value = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let versions = |entry: &Value| {
        let name = entry["database"].as_str().unwrap().replace("bases", "base-token");
        let versions = entry["applied"].as_array().unwrap().clone();
        versions
            .into_iter()
            .map(move |version| format!("{name} {}", version.as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    json.as_array().unwrap().iter().flat_map(versions).collect()
}

#[rstest]
fn of_many_that_migrate_at_once_each_migration_is_applied_by_one(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let place = Place::of(topology);
    let mut processes: Vec<_> = (0..REPLICAS).map(|_| place.begin()).collect();
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for version in processes.iter_mut().flat_map(applied) {
        *count.entry(version).or_default() += 1;
    }
    let (recorded, _) = place.schema();
    assert_eq!(count.keys().cloned().collect::<Vec<_>>(), recorded);
    assert!(count.values().all(|times| *times == 1), "{count:?}");
}

/// Killed after longer and longer: what is recorded is there and nothing else is, and the next one goes on to the end.
#[rstest]
fn a_killed_migration_leaves_nothing_half_done(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let whole = Place::of(topology);
    let start = Instant::now();
    applied(&mut whole.begin());
    let (step, (all, complete)) = (start.elapsed() / 10, whole.schema());
    let (mut delay, mut between) = (step, 0);
    loop {
        let place = Place::of(topology);
        let mut process = place.begin();
        std::thread::sleep(delay);
        if !process.is_running() {
            break;
        }
        process.kill_hard();
        settle(&place);
        let (recorded, schema) = place.schema();
        assert_eq!(recorded.is_empty(), schema.is_empty(), "{recorded:?} {schema:?}");
        between += u32::from(!recorded.is_empty() && recorded.len() < all.len());
        let mut rest = applied(&mut place.begin());
        rest.extend(recorded.iter().cloned());
        rest.sort();
        assert_eq!(rest, all, "something was applied twice or never");
        assert_eq!(place.schema().1, complete, "after {recorded:?}");
        delay += step;
    }
    println!("{between} were killed between the first and the last migration");
}

/// PostgreSQL notices a moment later that a client is gone.
fn settle(place: &Place) {
    let Place::Server(database) = place else { return };
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let others = "SELECT count(*) AS number FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    while diesel::sql_query(others).get_result::<Number>(&mut conn).unwrap().number > 0 {
        assert!(Instant::now() < deadline, "a killed client is still connected");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Killed when the statements of a migration are done and it is about to be recorded, which somebody holds up.
#[test]
fn a_migration_that_is_not_recorded_has_not_happened() {
    let place = Place::of(Topology::Separate);
    let Place::Server(database) = &place else { unreachable!() };
    let mut holder = PgConnection::establish(&database.url()).unwrap();
    holder
        .batch_execute(
            "CREATE TABLE tessera_migrations (component TEXT NOT NULL, version TEXT NOT NULL,
                applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (component, version))",
        )
        .unwrap();
    holder.batch_execute("BEGIN; LOCK TABLE tessera_migrations IN SHARE MODE").unwrap();
    let mut process = place.begin();
    let mut watcher = PgConnection::establish(&database.url()).unwrap();
    let waits = "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query ILIKE 'INSERT INTO \"tessera_migrations\"%'";
    let deadline = Instant::now() + Duration::from_mins(1);
    while diesel::sql_query(waits).get_result::<Number>(&mut watcher).unwrap().number == 0 {
        assert!(Instant::now() < deadline, "no migration is about to be recorded");
    }
    process.kill_hard();
    holder.batch_execute("ROLLBACK").unwrap();
    drop((holder, watcher));
    settle(&place);
    assert_eq!(place.schema(), (Vec::new(), Vec::new()));
    assert!(!applied(&mut place.begin()).is_empty());
}

/// The way back: the program of the version before starts on the schema of this one, says so once, and serves.
#[rstest]
#[tokio::test]
async fn an_older_program_serves_on_a_newer_schema(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    assert!(stack.auth().terminate().success());
    let later = "INSERT INTO tessera_migrations (component, version) VALUES ('identity', '29991231000001')";
    stack.execute(later);
    stack.auth().start().await;
    let said = stack.auth().running().output();
    let warnings =
        said.lines().filter(|line| line.contains("newer version") && line.contains("29991231000001"));
    assert_eq!(warnings.count(), 1, "{said}");
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    stack.call(&token, reqwest::Method::GET, "/rooms").await.expect(200);
    let again: Value = stack.tessera(&["migrate", "--json"]).expect(0).json();
    assert!(again.as_array().unwrap().iter().all(|database| database["applied"] == serde_json::json!([])));
}

/// What is applied before a rollout is not applied again by it.
#[test]
fn what_was_migrated_ahead_is_left_alone() {
    let stack = Plan::new(Topology::Single).idle();
    stack.tessera(&["migrate"]).expect(0);
    let path = stack.home().join("data/identity.db");
    let before =
        lines(&mut sqlite(&path), "SELECT applied_at AS line FROM tessera_migrations ORDER BY version");
    stack.tessera(&["client", "list"]).expect(0);
    let after =
        lines(&mut sqlite(&path), "SELECT applied_at AS line FROM tessera_migrations ORDER BY version");
    assert_eq!(before, after);
}
