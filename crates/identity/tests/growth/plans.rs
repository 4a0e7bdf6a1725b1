//! What is over is found by index, however large the table.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::{Connection as _, InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use identity::pruning::EXPIRED;
use store::pruning::Expired;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::Fixture;

const LIMIT: u32 = 50;

/// The beginning of a pass and the middle of one.
fn prune(conn: &mut DbConn, rows: Expired, now: DateTime<Utc>) -> Result<(), StoreError> {
    rows.exist(conn, now)?;
    let step = rows.delete(conn, now - TimeDelta::days(190), None, LIMIT)?;
    rows.delete(conn, now - TimeDelta::days(190), step.next.as_ref(), LIMIT)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[tokio::test]
async fn postgres_reads_through_no_table() {
    let fixture = Fixture::on(Backend::Postgres).await;
    fixture.fill_over(3000).await;
    fixture.fill_live(3000).await;
    let now = fixture.clock.now();
    fixture
        .db()
        .write(move |conn| {
            conn.batch_execute("ANALYZE")?;
            for (rows, _) in EXPIRED {
                prune(conn, rows, now)?;
                let query = "SELECT seq_tup_read AS count FROM pg_stat_xact_user_tables WHERE relname = $1";
                let read: Count = diesel::sql_query(query).bind::<Text, _>(rows.table).get_result(conn)?;
                assert_eq!(read.count, 0, "{}", rows.table);
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[tokio::test]
async fn sqlite_reads_through_no_table() {
    let fixture = Fixture::on(Backend::Sqlite).await;
    fixture.fill_over(LIMIT * 2).await;
    let now = fixture.clock.now();
    let db = fixture.db();
    let plans = db.write(move |conn| {
        let texts = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&texts);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                noted.lock().unwrap().push(query.to_string());
            }
        });
        for (rows, _) in EXPIRED {
            prune(conn, rows, now)?;
        }
        let asked = texts.lock().unwrap().clone();
        assert_eq!(asked.len(), 3 * EXPIRED.len());
        let plan = |text: &String| {
            let statement = text.split(" -- binds").next().unwrap();
            Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Plan>(conn)?)
        };
        asked.iter().map(plan).collect::<Result<Vec<_>, StoreError>>()
    });
    for plan in plans.await.unwrap() {
        let steps: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        let scanned = steps.iter().find(|step| step.starts_with("SCAN ") && *step != "SCAN CONSTANT ROW");
        assert_eq!(scanned, None, "{steps:#?}");
        assert!(steps.iter().any(|step| step.starts_with("SEARCH ")), "{steps:#?}");
    }
}
