//! Measures what a page costs at the beginning of a long list and far inside it, with 1,000,000 applications.
//!
//! Needs a PostgreSQL on which it may create databases: `.ci/with-postgres cargo run -p applications --example pages`.
//! It takes a gigabyte of disk while it runs.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be set up ends")]

use std::time::{Duration, Instant};

use applications::domain::access::Listing;
use applications::domain::sort::{Direction, Order, Property, Sort};
use applications::store::MIGRATIONS;
use applications::store::lists::{self, NoPage, Part};
use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use store::{DatabaseSettings, Db, DbConn};
use test_kit::TestDatabase;

/// Items on a page, as many as by default.
const SIZE: i64 = 20;
/// The page far inside, counted from 1.
const DEEP: i64 = 10_000;
/// Runs of each query.
const RUNS: usize = 50;
/// Runs before these: the statement is prepared, and PostgreSQL has settled on a plan for it after five.
const WARM_UP: usize = 8;
/// The ratio that is still fine.
const BOUND: f64 = 10.0;

/// One organisation has half of all applications, the rest is spread over a thousand. One of ten is not visible.
const FILL: &str = r#"
INSERT INTO applications
SELECT gen_random_uuid()::text,
       CASE WHEN n % 2 = 0 THEN 'org-large' ELSE 'org-' || n % 1000 END,
       CASE n % 3 WHEN 0 THEN 'TEST' WHEN 1 THEN 'SETUP_TEST' ELSE 'STANDALONE_OPENID' END,
       '{"issuer":"https://login.example.org/' || n || '","serviceParameters":{"clientSecret":"' || md5(n::text)
           || '"},"agentParameters":{"queueName":"Desk ' || n || '"},"customerParameters":{"locale":"el-GR"}}',
       n % 5,
       TIMESTAMP '2026-01-01' + n * INTERVAL '7 seconds',
       TIMESTAMP '2026-01-01' + n * INTERVAL '9 seconds',
       n % 10 > 0,
       n % 20 = 0,
       CASE WHEN n % 4 = 0 THEN TIMESTAMP '2027-01-01' + n * INTERVAL '1 second' END,
       false
FROM generate_series(1, 1000000) AS n"#;

#[tokio::main]
async fn main() {
    let database = TestDatabase::postgres();
    // One connection, so that the statements that the warm-up has prepared are the ones that are measured.
    let settings = DatabaseSettings { max_connections: 1, ..DatabaseSettings::at(database.url()) };
    let db = Db::open(&settings).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    conn.batch_execute(FILL).unwrap();
    conn.batch_execute("VACUUM ANALYZE").unwrap();
    println!("1,000,000 applications are in; medians of {RUNS} runs");
    println!(
        "{:<36} {:>9} {:>9} {:>9} {:>9} {:>12} {:>11}",
        "list", "items", "count", "page 1", "page 10k", "pages only", "as a whole"
    );
    let large = || "org-large".parse().unwrap();
    let mut worst = 0.0_f64;
    for (name, listing) in [
        ("every application", Listing::Everything),
        ("visible ones", Listing::Visible),
        ("visible ones and all of an own", Listing::VisibleAndAllOf(large())),
        ("all of an organisation", Listing::AllOf(large())),
        ("visible ones of an organisation", Listing::VisibleOf(large())),
    ] {
        worst = worst.max(measure(&db, name, listing, Sort::default(), RUNS).await);
    }
    let verdict = if worst <= BOUND { "within" } else { "NOT within" };
    println!("worst ratio by default sort {worst:.2}, {verdict} the bound of {BOUND}");
    let by_type = Order { property: Property::Type, direction: Direction::Asc, ignore_case: false };
    measure(&db, "every application, by type", Listing::Everything, Sort::of(vec![by_type]), 5).await;
}

/// Prints one line; gives how much longer the deep page takes than the first, as it is asked for: count and page.
async fn measure(db: &Db, name: &str, listing: Listing, sort: Sort, runs: usize) -> f64 {
    let (listed, order) = (listing.clone(), sort.clone());
    let work = db.read(move |conn| {
        let mut times: [Vec<Duration>; 3] = Default::default();
        let mut total = 0;
        for run in 0..WARM_UP.min(runs) + runs {
            let measured = once(conn, &listed, &order)?;
            total = measured.0;
            if run >= WARM_UP.min(runs) {
                times.iter_mut().zip(measured.1).for_each(|(times, time)| times.push(time));
            }
        }
        Ok::<_, NoPage>((total, times.map(median)))
    });
    let (total, [count, first, deep]) = work.await.unwrap();
    let pages = deep.as_secs_f64() / first.as_secs_f64();
    let whole = (count + deep).as_secs_f64() / (count + first).as_secs_f64();
    println!("{name:<36} {total:>9} {count:>9.1?} {first:>9.1?} {deep:>9.1?} {pages:>12.1} {whole:>11.2}");
    whole
}

/// How many there are, and how long it took to count them, and to read the first and the deep page.
fn once(conn: &mut DbConn, listing: &Listing, sort: &Sort) -> Result<(i64, [Duration; 3]), NoPage> {
    let start = Instant::now();
    let total = lists::count(conn, listing)?;
    let counted = start.elapsed();
    let mut page = |number: i64| {
        let start = Instant::now();
        let items = lists::slice(conn, listing, sort, part(number), |application| (application, 0))?;
        assert_eq!(items.len(), 20);
        Ok::<_, NoPage>(start.elapsed())
    };
    Ok((total, [counted, page(1)?, page(DEEP)?]))
}

fn part(number: i64) -> Part {
    Part { offset: (number - 1) * SIZE, limit: SIZE, room: 0 }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
