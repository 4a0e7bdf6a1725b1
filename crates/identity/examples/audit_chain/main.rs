//! Measures what it costs to seal and to verify a large audit trail, and how much memory verifying takes.
//!
//! Needs a PostgreSQL on which it may create databases: `.ci/with-postgres cargo run -p identity --example audit_chain`.
//! `TESSERA_AUDIT_EVENTS` says how many events there are; a million without it.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be set up ends"
)]

use std::time::Instant;

use auth_claims::clock::Clock;
use diesel::connection::SimpleConnection as _;
use identity::Identity;
use identity::audit::chain::Expectations;
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use store::{DatabaseSettings, Db, StoreError, on_backend};
use test_kit::{Backend, TestDatabase};

#[tokio::main]
async fn main() {
    let events = std::env::var("TESSERA_AUDIT_EVENTS").map_or(1_000_000, |text| text.parse().unwrap());
    println!("{:<10} {:>9} {:>14} {:>14} {:>10}", "database", "events", "sealed/s", "verified/s", "grown by");
    for backend in [Backend::Sqlite, Backend::Postgres] {
        measure(backend, events).await;
    }
}

async fn measure(backend: Backend, events: u64) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let master = MasterKey::generate().unwrap();
    let identity = Identity::open(db, master, PasswordSettings::default(), Clock::system()).await.unwrap();
    fill(&identity, events).await;
    let start = Instant::now();
    while identity.seal_audit().await.unwrap().events > 0 {}
    let sealed = per_second(events, start);
    let (before, start) = (resident_kib(), Instant::now());
    let report = identity.verify_audit(&Expectations::default()).await.unwrap();
    let (verified, after) = (per_second(events, start), resident_kib());
    assert_eq!((report.fault_count, report.unsealed), (0, 0));
    let name = format!("{backend:?}");
    println!("{name:<10} {events:>9} {sealed:>14} {verified:>14} {:>6} KiB", after.saturating_sub(before));
}

/// In transactions of ten thousand.
async fn fill(identity: &Identity, events: u64) {
    for first in (0..events).step_by(10_000) {
        let last = (first + 10_000).min(events);
        let statement = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last})
             INSERT INTO audit_events (id, at, action, actor, client_id, dialect, target, address, outcome, request_id, detail)
             SELECT '01900000-0000-7000-8000-' || substr('000000000000', 1, 12 - length(CAST(n AS TEXT))) || n,
                 '2026-01-01 00:00:00', 'token.issue', 'actor-' || (n % 1000), 'client-' || (n % 50), 'oauth2',
                 'target-' || n, '192.0.2.1', 'success', 'request-' || n, '{{\"grant_type\":\"client_credentials\"}}'
             FROM numbers"
        );
        let done = identity
            .db()
            .write(move |conn| on_backend!(conn, |c| c.batch_execute(&statement)).map_err(StoreError::from));
        done.await.unwrap();
    }
}

fn per_second(events: u64, start: Instant) -> u64 {
    events * 1000 / u64::try_from(start.elapsed().as_millis()).unwrap().max(1)
}

/// What the process holds in memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
