//! Lists read what they give, however long the trail is: which filters have an index, and which have none because too many
//! events share a value.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use diesel::connection::{Connection as _, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use identity::audit::listing::{self, Order, Place};
use identity::audit::{AuditFilter, Outcome};
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::Fixture;

const EVENTS: i64 = 20_000;
/// Of each rare value.
const RARE: usize = 10;
const PAGE: u32 = 100;

/// Events a second apart, two seconds after the fixture's start. One in 2000 has everything rare.
const FILL: &str = "
    INSERT INTO audit_events (id, at, action, actor, client_id, dialect, target, outcome)
    SELECT number::TEXT, TIMESTAMP '2027-01-15 08:00:00' + number * INTERVAL '1 second', word || 'action', word || 'actor',
        word || 'client', 'dialect-' || number % 4, word || 'target',
        CASE WHEN number % 5 = 0 THEN 'failure' ELSE 'success' END
    FROM (SELECT number, CASE WHEN number % 2000 = 0 THEN 'rare ' ELSE 'common ' END AS word
          FROM generate_series(1, 20000) AS number) AS numbers;
    ANALYZE audit_events";

/// Each filter that somebody may look for a needle with.
fn needles() -> [AuditFilter; 4] {
    let (text, all) =
        (|text: &str| Some(text.to_owned()), AuditFilter { limit: PAGE, ..AuditFilter::default() });
    [
        AuditFilter { actor: text("rare actor"), ..all.clone() },
        AuditFilter { action: text("rare action"), ..all.clone() },
        AuditFilter { target: text("rare target"), ..all.clone() },
        AuditFilter { client_id: text("rare client"), ..all },
    ]
}

/// Those that leave a good part of the trail.
fn coarse() -> [AuditFilter; 3] {
    let all = AuditFilter { limit: PAGE, ..AuditFilter::default() };
    [
        AuditFilter { dialect: Some("dialect-1".to_owned()), ..all.clone() },
        AuditFilter { outcome: Some(Outcome::Failure), ..all.clone() },
        all,
    ]
}

const ORDERS: [Order; 2] = [Order::NewestFirst, Order::OldestFirst];

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = BigInt)]
    through: i64,
    #[diesel(sql_type = BigInt)]
    by_index: i64,
}

/// How many events this transaction has read, all told.
fn read(conn: &mut DbConn) -> Result<Read, StoreError> {
    let query = "SELECT seq_tup_read AS through, idx_tup_fetch AS by_index
        FROM pg_stat_xact_user_tables WHERE relname = 'audit_events'";
    Ok(diesel::sql_query(query).get_result(conn)?)
}

#[tokio::test]
async fn postgres_reads_a_page_and_not_the_trail() {
    let fixture = Fixture::on(Backend::Postgres).await;
    fixture.tamper(FILL).await;
    let start = fixture.clock.now();
    let middle = Place { at: start + TimeDelta::seconds(EVENTS / 2), id: String::new() };
    let listed = move |conn: &mut DbConn| {
        let mut before = 0;
        for (order, after) in ORDERS.into_iter().flat_map(|order| [(order, None), (order, Some(&middle))]) {
            let filters =
                needles().map(|f| (f, RARE)).into_iter().chain(coarse().map(|f| (f, PAGE as usize)));
            for (filter, most) in filters {
                let found = listing::page(conn, &filter, order, after)?.len();
                assert!((1..=most).contains(&found), "{found} events by {filter:?}");
                let read = read(conn)?;
                // One in five has an outcome, one in four a dialect.
                let most = i64::try_from(most * 6).unwrap();
                assert!(
                    read.through == 0 && read.by_index - before <= most,
                    "{}: {filter:?}",
                    read.by_index - before
                );
                before = read.by_index;
            }
        }
        let narrow = AuditFilter {
            since: Some(start + TimeDelta::seconds(1000)),
            until: Some(start + TimeDelta::seconds(1050)),
            outcome: Some(Outcome::Failure),
            limit: PAGE,
            ..AuditFilter::default()
        };
        assert_eq!(listing::page(conn, &narrow, Order::NewestFirst, None)?.len(), 10);
        let read = read(conn)?;
        assert!(read.through == 0 && read.by_index - before <= 60);
        Ok::<_, StoreError>(())
    };
    fixture.identity.db().write(listed).await.unwrap();
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The index that SQLite takes for each list; it plans without knowing how large a table is.
#[tokio::test]
async fn sqlite_reads_by_the_index_of_the_filter() {
    let fixture = Fixture::on(Backend::Sqlite).await;
    let plans = move |conn: &mut DbConn| {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                noted.lock().unwrap().push(query.to_string());
            }
        });
        for filter in needles().into_iter().chain(coarse()) {
            for order in ORDERS {
                listing::page(conn, &filter, order, None)?;
            }
        }
        let asked = asked.lock().unwrap().clone();
        let of_events = asked.iter().filter(|text| text.contains("FROM `audit_events`"));
        let plan = |text: &String| {
            let statement = text.split(" -- binds").next().unwrap();
            let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn)?;
            Ok(steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; "))
        };
        of_events.map(plan).collect::<Result<Vec<_>, StoreError>>()
    };
    let plans = fixture.identity.db().read(plans).await.unwrap();
    let indexes = [
        "SEARCH audit_events USING INDEX audit_events_actor (actor=?); USE TEMP B-TREE FOR LAST TERM OF ORDER BY",
        "SEARCH audit_events USING INDEX audit_events_by_action (action=?)",
        "SEARCH audit_events USING INDEX audit_events_by_target (target=?)",
        "SEARCH audit_events USING INDEX audit_events_by_client_id (client_id=?)",
        "SCAN audit_events USING INDEX audit_events_at",
        "SCAN audit_events USING INDEX audit_events_at",
        "SCAN audit_events USING INDEX audit_events_at",
    ];
    assert_eq!(plans, indexes.map(|index| [index; 2]).concat());
}
