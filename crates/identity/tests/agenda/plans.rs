//! How the databases go about it: by index whatever the size of the directory, prepared once, in a fixed number of
//! statements.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    Connection as _, PgConnection,
    connection::{InstrumentationEvent, SimpleConnection as _},
    prelude::*,
    sql_types::{BigInt, Text},
};
use identity::{
    absences, agents,
    audit::{self, AuditFilter},
    pages::Slice,
};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::{Fixture, absence};

const PAGE: Slice = Slice { offset: 0, limit: 100 };

/// A directory of 300 organisations with 30 000 agents, as the bench fills it, and then this.
async fn large(then: &str) -> Fixture {
    let fixture = Fixture::on(Backend::Postgres).await;
    let mut conn = PgConnection::establish(&fixture.database.url()).unwrap();
    conn.batch_execute("SET fill.organizations = 300").unwrap();
    conn.batch_execute(include_str!("../../examples/visibility/fill.sql")).unwrap();
    conn.batch_execute(&format!("{then}; ANALYZE")).unwrap();
    fixture
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut DbConn, query: &str, name: &str) -> Result<i64, StoreError> {
    Ok(diesel::sql_query(query).bind::<Text, _>(name).get_result::<Count>(conn)?.count)
}

/// How many rows this transaction has met while it read through a table.
fn read_through(conn: &mut DbConn, table: &str) -> Result<i64, StoreError> {
    count(conn, "SELECT seq_tup_read AS count FROM pg_stat_xact_user_tables WHERE relname = $1", table)
}

const TABLES: [&str; 4] = ["accounts", "account_organizations", "account_services", "absences"];
/// By number in an organisation, and the agents that each sees at least.
const ORDINARY: (i32, i64) = (2, 10);
const SECRETARIAT: (i32, i64) = (10, 100);
const ADMIN: (i32, i64) = (1, 100);
const TERRITORIAL: (i32, i64) = (3, 500);

/// Asks everything that the agenda asks, and returns how many rows of the tables that grow were read through.
fn ask_everything(conn: &mut DbConn, (number, least): (i32, i64)) -> Result<i64, StoreError> {
    let viewer = agents::find_by_uid(conn, &format!("agent-{number}@example.org"))?.unwrap();
    let other = agents::find_by_number(conn, viewer.number + 50)?.unwrap();
    let organization = agents::organizations(conn, viewer.id, PAGE)?.items.remove(0);
    // More often than five times: then PostgreSQL considers one plan for every viewer.
    for narrowing in [None, Some(organization.number), Some(-1)].repeat(4) {
        let total = agents::list_visible(conn, viewer.id, narrowing, PAGE)?.total;
        assert!(narrowing.is_some() || total >= least, "{total}");
        absences::list_visible(conn, viewer.id, narrowing, PAGE)?;
        agents::sees(conn, viewer.id, other.id)?;
        agents::level_in(conn, viewer.id, &organization.id)?;
        agents::is_admin_anywhere(conn, viewer.id)?;
    }
    TABLES.into_iter().map(|table| read_through(conn, table)).sum()
}

#[tokio::test]
async fn no_query_of_the_agenda_reads_through_the_directory() {
    let fixture = large("").await;
    for viewer in [ORDINARY, SECRETARIAT, ADMIN, TERRITORIAL] {
        let rows = fixture.write(move |conn| Ok(ask_everything(conn, viewer)?)).await.unwrap();
        assert_eq!(rows, 0, "read for agent {}", viewer.0);
    }
}

/// Where a territory is a third of the directory, reading through it is right for its administrator, and for nobody else:
/// a few rows, met before it shows that the viewer has no territory.
#[tokio::test]
async fn large_territories_slow_nobody_down_but_their_administrators() {
    let fixture = large("UPDATE organizations SET territory_id = 't' || number % 3").await;
    for viewer in [ORDINARY, SECRETARIAT, ADMIN] {
        let rows = fixture.write(move |conn| Ok(ask_everything(conn, viewer)?)).await.unwrap();
        assert!(rows < 100, "{rows} read for agent {}", viewer.0);
    }
}

#[tokio::test]
async fn the_trail_of_one_agent_is_found_by_index() {
    const EVENTS: &str = "
        INSERT INTO audit_events (id, at, action, actor, outcome)
        SELECT number::TEXT, TIMESTAMP '2026-01-01' + number * INTERVAL '1 second', 'api.call', 'agent-' || number % 200, 'success'
        FROM generate_series(1, 20000) AS number;
        ANALYZE audit_events";
    let fixture = Fixture::on(Backend::Postgres).await;
    PgConnection::establish(&fixture.database.url()).unwrap().batch_execute(EVENTS).unwrap();
    let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let since = Some(start + TimeDelta::seconds(10_000));
    let listed = fixture.write(move |conn| {
        let filter = AuditFilter { actor: Some("agent-7".to_owned()), since, limit: 100, ..AuditFilter::default() };
        let listed = audit::list(conn, &filter)?.len();
        let used = count(
            conn,
            "SELECT pg_stat_get_xact_numscans(indexrelid) AS count FROM pg_stat_user_indexes WHERE indexrelname = $1",
            "audit_events_actor",
        )?;
        assert_eq!((read_through(conn, "audit_events")?, used), (0, 1));
        Ok(listed)
    });
    assert_eq!(listed.await.unwrap(), 50);
}

/// SQLite plans without knowing how large a table is: what it would read through here, it always would.
#[tokio::test]
async fn sqlite_reads_through_nothing_but_what_it_found() {
    let (fixture, filled) = Fixture::example(Backend::Sqlite).await;
    let (viewer, absence) = (filled.agents[3], filled.absences[3][0]);
    let plans = fixture.read(move |conn| {
        let texts = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&texts);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                noted.lock().unwrap().push(query.to_string());
            }
        });
        agents::list_visible(conn, viewer, None, PAGE)?;
        absences::list_visible(conn, viewer, None, PAGE)?;
        agents::sees(conn, viewer, viewer)?;
        agents::find_by_uid(conn, "zoe@example.org")?;
        agents::level_in(conn, viewer, "o")?;
        agents::is_admin_anywhere(conn, viewer)?;
        absences::find(conn, absence)?;
        let asked = texts.lock().unwrap().clone();
        let plan = |text: &String| {
            let statement = text.split(" -- binds").next().unwrap();
            Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Step>(conn)?)
        };
        asked.iter().map(plan).collect::<Result<Vec<_>, StoreError>>()
    });
    let steps: Vec<String> = plans.await.into_iter().flatten().map(|step| step.detail).collect();
    let derived = ["viewer", "own", "wide", "narrowed", "shown", "counted", "page", "seen", "CONSTANT"];
    for scanned in steps.iter().filter_map(|step| step.strip_prefix("SCAN ")) {
        let name = scanned.split(' ').next().unwrap();
        assert!(derived.contains(&name), "SCAN {scanned} in {steps:#?}");
    }
    assert!(steps.iter().any(|step| step.starts_with("SEARCH b USING")), "{steps:#?}");
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Planning these takes longer than running them.
#[tokio::test]
async fn the_rules_are_planned_once_for_each_connection() {
    let (fixture, filled) = Fixture::example(Backend::Postgres).await;
    let prepared = fixture.write(move |conn| {
        for viewer in &filled.agents {
            for narrowing in [None, Some(1)] {
                agents::list_visible(conn, *viewer, narrowing, PAGE)?;
                absences::list_visible(conn, *viewer, narrowing, PAGE)?;
                agents::sees(conn, *viewer, filled.agents[0])?;
            }
        }
        let query = "SELECT COUNT(*) AS count FROM pg_prepared_statements WHERE statement LIKE $1";
        Ok(count(conn, query, "WITH viewer AS %")?)
    });
    assert_eq!(prepared.await.unwrap(), 3);
}

#[rstest]
#[tokio::test]
async fn a_list_takes_the_same_statements_however_long_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (a, d) = (filled.agents[0], filled.agents[3]);
    for day in 1..20 {
        fixture.insert(absence(filled.agents[1], (day, 8))).await.unwrap();
        fixture.insert(absence(filled.agents[5], (day, 9))).await.unwrap();
    }
    let counted = fixture.read(move |conn| {
        let mut counts = Vec::new();
        for viewer in [a, d] {
            let statements = Arc::new(Mutex::new(0));
            let counter = Arc::clone(&statements);
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                    *counter.lock().unwrap() += 1;
                }
            });
            let agents = agents::list_visible(conn, viewer, None, PAGE)?.total;
            let after_agents = *statements.lock().unwrap();
            let absences = absences::list_visible(conn, viewer, None, PAGE)?.total;
            let in_all = *statements.lock().unwrap();
            counts.push((agents, after_agents, absences, in_all));
        }
        Ok(counts)
    });
    assert_eq!(counted.await, [(2, 1, 21, 4), (6, 1, 44, 4)]);
}
