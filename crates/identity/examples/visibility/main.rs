//! Measures what it costs to list the agents and the absences that somebody sees, in a small directory and in one a
//! hundred times as large whose organisations are as large as the small one's: an agent should not notice the others.
//!
//! Needs a PostgreSQL on which it may create databases: `.ci/with-postgres cargo run -p identity --example visibility`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be set up ends")]

use std::time::{Duration, Instant};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use identity::{MIGRATIONS, absences, accounts::AccountId, agents, pages::Slice};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::TestDatabase;

/// Organisations of the two directories, with a hundred agents each.
const SIZES: [u32; 2] = [5, 500];
/// Runs of each listing in each directory.
const RUNS: usize = 400;
/// Runs before these: the statement is prepared, and PostgreSQL has settled on a plan for it after five.
const WARM_UP: usize = 20;
/// The ratio that is still fine.
const BOUND: f64 = 3.0;

/// Who lists, by number in the first organisation.
const VIEWERS: [(&str, u32); 4] =
    [("ordinary agent", 2), ("secretariat agent", 10), ("admin", 1), ("territorial admin", 3)];

type Listing = fn(&mut DbConn, AccountId) -> Result<i64, StoreError>;
const LISTINGS: [(&str, Listing); 2] = [
    ("agents", |conn, viewer| Ok(agents::list_visible(conn, viewer, None, Slice::page(1, 100))?.total)),
    ("absences", |conn, viewer| Ok(absences::list_visible(conn, viewer, None, Slice::page(1, 100))?.total)),
];

#[tokio::main]
async fn main() {
    let databases = SIZES.map(|_| TestDatabase::postgres());
    let mut directories = Vec::new();
    for (database, organizations) in databases.iter().zip(SIZES) {
        directories.push(filled(database, organizations).await);
        println!("{organizations} organisations with {} agents are in", organizations * 100);
    }
    println!(
        "{:<10} {:<20} {:>6} {:>11} {:>11} {:>6}",
        "listing", "viewer", "rows", "small", "large", "ratio"
    );
    let mut worst = 0.0_f64;
    for (name, listing) in LISTINGS {
        for (viewer, number) in VIEWERS {
            let ([small, large], total) = measure(&directories, listing, number).await;
            let ratio = large.as_secs_f64() / small.as_secs_f64();
            worst = worst.max(ratio);
            let [small, large] = [small, large].map(|time| format!("{} µs", time.as_micros()));
            println!("{name:<10} {viewer:<20} {total:>6} {small:>11} {large:>11} {ratio:>6.2}");
        }
    }
    let verdict = if worst <= BOUND { "within" } else { "NOT within" };
    println!("worst ratio {worst:.2}, {verdict} the bound of {BOUND}");
}

/// Medians of interleaved runs, so that whatever else the machine does falls on both directories.
async fn measure(directories: &[Db], listing: Listing, number: u32) -> ([Duration; 2], i64) {
    let mut times = [Vec::new(), Vec::new()];
    let mut total = 0;
    for run in 0..WARM_UP + RUNS {
        for (db, times) in directories.iter().zip(&mut times) {
            let (time, rows) = db.read(move |conn| timed(conn, listing, number)).await.unwrap();
            if run >= WARM_UP {
                times.push(time);
            }
            total = rows;
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    (times.map(median), total)
}

fn timed(conn: &mut DbConn, listing: Listing, number: u32) -> Result<(Duration, i64), StoreError> {
    let viewer = agents::find_by_uid(conn, &format!("agent-{number}@example.org"))?.unwrap().id;
    let start = Instant::now();
    let total = listing(conn, viewer)?;
    Ok((start.elapsed(), total))
}

async fn filled(database: &TestDatabase, organizations: u32) -> Db {
    // One connection, so that the statements that the warm-up has prepared are the ones that are measured.
    let settings = DatabaseSettings { max_connections: 1, ..DatabaseSettings::at(database.url()) };
    let db = Db::open(&settings).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    conn.batch_execute(&format!("SET fill.organizations = {organizations}")).unwrap();
    conn.batch_execute(include_str!("fill.sql")).unwrap();
    conn.batch_execute("VACUUM ANALYZE").unwrap();
    db
}
