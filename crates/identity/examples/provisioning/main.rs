//! Measures what it costs to list and search accounts among a thousand and among a hundred thousand: a list should not
//! notice who is not on it.
//!
//! Needs a PostgreSQL on which it may create databases: `.ci/with-postgres cargo run -p identity --example provisioning`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be set up ends")]

use std::time::{Duration, Instant};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use identity::{
    MIGRATIONS,
    accounts::AccountId,
    directory_search::{self, Among, Window},
};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::TestDatabase;

/// Accounts of the two directories.
const SIZES: [u32; 2] = [1_000, 100_000];
/// Runs of each listing in each directory.
const RUNS: usize = 100;
/// Runs before these.
const WARM_UP: usize = 10;
/// The ratio that is still fine.
const BOUND: f64 = 5.0;

const PAGE: Window = Window { offset: 0, limit: Some(50) };
const LATER: Window = Window { offset: 300, limit: Some(50) };

/// What is listed: a name for it, among whom, the text, the page.
const LISTINGS: [(&str, Among<'static>, &str, Window); 13] = [
    ("everybody", Among::Everybody, "", PAGE),
    ("everybody, a later page", Among::Everybody, "", LATER),
    ("in all: user", Among::Everybody, "user", PAGE),
    ("in many: ab", Among::Everybody, "ab", PAGE),
    ("in 2 of 100: rare", Among::Everybody, "rare", PAGE),
    ("in one: unique", Among::Everybody, "UNIQUE", PAGE),
    ("in none: a letter", Among::Everybody, "%", PAGE),
    ("in none: a word", Among::Everybody, "nobody", PAGE),
    ("disabled", Among::Disabled, "", PAGE),
    ("recent", Among::SignedIn, "", PAGE),
    ("recent: user", Among::SignedIn, "user", PAGE),
    ("recent: unique", Among::SignedIn, "unique", PAGE),
    ("members of a group", Among::Group("group-3"), "", PAGE),
];

#[tokio::main]
async fn main() {
    let databases = SIZES.map(|_| TestDatabase::postgres());
    let mut directories = Vec::new();
    for (database, accounts) in databases.iter().zip(SIZES) {
        directories.push(filled(database, accounts).await);
        println!("{accounts} accounts are in");
    }
    println!("{:<26} {:>6} {:>22} {:>22}", "", "", "logins", "details");
    println!(
        "{:<26} {:>6} {:>8} {:>8} {:>5} {:>8} {:>8} {:>5}",
        "listing", "rows", "small", "large", "ratio", "small", "large", "ratio"
    );
    let (mut logins, mut details) = (0.0_f64, 0.0_f64);
    for listing in LISTINGS {
        let (ids, rows) = measure(&directories, listing, false).await;
        let (full, _) = measure(&directories, listing, true).await;
        let [of_ids, of_full] = [ids, full].map(|[small, large]| large.as_secs_f64() / small.as_secs_f64());
        (logins, details) = (logins.max(of_ids), details.max(of_full));
        let [a, b, c, d] = [ids[0], ids[1], full[0], full[1]].map(|time| format!("{} µs", time.as_micros()));
        println!("{:<26} {rows:>6} {a:>8} {b:>8} {of_ids:>5.2} {c:>8} {d:>8} {of_full:>5.2}", listing.0);
    }
    for (what, worst) in [("logins", logins), ("details", details)] {
        let verdict = if worst <= BOUND { "within" } else { "NOT within" };
        println!("worst ratio of {what} {worst:.2}, {verdict} the bound of {BOUND}");
    }
}

/// Medians of interleaved runs, so that whatever else the machine does falls on both directories.
async fn measure(
    directories: &[Db],
    (_, among, search, window): (&str, Among<'static>, &'static str, Window),
    details: bool,
) -> ([Duration; 2], usize) {
    let mut times = [Vec::new(), Vec::new()];
    let mut rows = 0;
    for run in 0..WARM_UP + RUNS {
        for (db, times) in directories.iter().zip(&mut times) {
            let list = move |conn: &mut DbConn| timed(conn, among, search, window, details);
            let (time, found) = db.read(list).await.unwrap();
            if run >= WARM_UP {
                times.push(time);
            }
            rows = found;
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    (times.map(median), rows)
}

fn timed(
    conn: &mut DbConn,
    among: Among<'_>,
    search: &str,
    window: Window,
    details: bool,
) -> Result<(Duration, usize), StoreError> {
    let start = Instant::now();
    let found = directory_search::find(conn, among, search, window)?;
    if details {
        let ids: Vec<AccountId> = found.iter().map(|one| one.id).collect();
        directory_search::load(conn, &ids)?;
    }
    Ok((start.elapsed(), found.len()))
}

async fn filled(database: &TestDatabase, accounts: u32) -> Db {
    let settings = DatabaseSettings { max_connections: 1, ..DatabaseSettings::at(database.url()) };
    let db = Db::open(&settings).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    conn.batch_execute(&format!("SET fill.accounts = {accounts}")).unwrap();
    conn.batch_execute(include_str!("fill.sql")).unwrap();
    conn.batch_execute("VACUUM ANALYZE").unwrap();
    db
}
