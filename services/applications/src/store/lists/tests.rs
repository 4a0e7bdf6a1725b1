//! How many queries a page is, and what the databases make of them.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use diesel::connection::{Connection as _, InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use rstest::rstest;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

use super::{Counted, NoPage, Part, page};
use crate::domain::access::Listing;
use crate::domain::application::{Application, Checked, Kind};
use crate::domain::sort::Sort;
use crate::store::{MIGRATIONS, applications};

async fn migrated(backend: Backend) -> (TestDatabase, Db) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    (database, db)
}

fn fill(conn: &mut DbConn, numbers: Range<i64>) -> Result<(), StoreError> {
    for number in numbers {
        let at = chrono::DateTime::from_timestamp(1_800_000_000 + number, 0).unwrap();
        let application = Application {
            id: format!("a-{number}").parse().unwrap(),
            organization_id: format!("o-{}", number % 2).parse().unwrap(),
            kind: Kind::Test,
            config: "{}".parse().unwrap(),
            version: 0,
            created_at: at,
            modified_at: at,
            visible: true,
            disabled: false,
            expires_at: None,
            anonymous_registration_enabled: false,
        };
        assert!(applications::insert_if_free(conn, &Checked::check(application).unwrap())?);
    }
    Ok(())
}

/// A page, and the queries it took.
fn observed(
    conn: &mut DbConn,
    listing: &Listing,
    offset: i64,
) -> Result<(Counted<Application>, Vec<String>), StoreError> {
    let queries = Arc::new(Mutex::new(vec![]));
    let seen = Arc::clone(&queries);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            seen.lock().unwrap().push(text.split(" -- binds").next().unwrap().to_owned());
        }
    });
    let part = Part { offset, limit: 20, room: 0 };
    let counted = page(conn, listing, &Sort::default(), part, |application| (application, 0));
    let counted = counted.map_err(|error| match error {
        NoPage::Store(error) => error,
        NoPage::TooLarge => panic!("nothing takes room"),
    })?;
    conn.set_instrumentation(None::<fn(InstrumentationEvent<'_>)>);
    let queries = queries.lock().unwrap().clone();
    Ok((counted, queries))
}

/// One that counts and one that reads, whatever there is; and only the first where there is nothing to read.
#[rstest]
#[actix_web::test]
async fn a_page_is_two_queries(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = migrated(backend).await;
    let work = db.write(|conn| {
        for numbers in [0..0, 0..1, 1..200] {
            let total = numbers.end;
            fill(conn, numbers)?;
            for listing in [Listing::Everything, Listing::Visible] {
                let (counted, queries) = observed(conn, &listing, 0)?;
                assert_eq!((counted.total, queries.len()), (total, if total > 0 { 2 } else { 1 }));
                let (_, queries) = observed(conn, &listing, total)?;
                assert_eq!(queries.len(), 1, "{queries:?}");
            }
            let (counted, queries) = observed(conn, &Listing::Nothing, 0)?;
            assert_eq!((counted.total, queries), (0, vec![]));
        }
        Ok::<_, StoreError>(())
    });
    work.await.unwrap();
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

/// How a database would run a query of a page.
fn plan(conn: &mut DbConn, query: &str, organization: Option<&str>) -> QueryResult<String> {
    macro_rules! explained {
        ($conn:expr, $words:literal, $line:ty) => {{
            let query = diesel::sql_query(format!("{} {query}", $words)).into_boxed();
            let query = match organization {
                Some(organization) => query.bind::<Text, _>(organization.to_owned()),
                None => query,
            };
            let lines = query.bind::<BigInt, _>(20_i64).bind::<BigInt, _>(100_i64).load::<$line>($conn)?;
            lines.into_iter().map(|line| line.detail).collect::<Vec<_>>()
        }};
    }
    let lines = match conn {
        DbConn::Pg(conn) => {
            conn.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off")?;
            explained!(conn, "EXPLAIN", PostgresLine)
        }
        DbConn::Sqlite(conn) => explained!(conn, "EXPLAIN QUERY PLAN", Line),
    };
    Ok(lines.join("\n"))
}

/// A deep page is found in an index alone, whichever list it is of; only what is shown is read.
#[rstest]
#[case::everything(Listing::Everything, None)]
#[case::visible(Listing::Visible, None)]
#[case::visible_and_own(Listing::VisibleAndAllOf("o-1".parse().unwrap()), Some("o-1"))]
#[case::own(Listing::AllOf("o-1".parse().unwrap()), Some("o-1"))]
#[case::visible_own(Listing::VisibleOf("o-1".parse().unwrap()), Some("o-1"))]
#[actix_web::test]
async fn pages_by_default_are_found_in_an_index(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] listing: Listing,
    #[case] organization: Option<&'static str>,
) {
    let (_database, db) = migrated(backend).await;
    db.write(|conn| fill(conn, 0..400)).await.unwrap();
    let work = db.read(move |conn| {
        if let DbConn::Pg(conn) = conn {
            conn.batch_execute("VACUUM ANALYZE applications")?;
        }
        let (_, queries) = observed(conn, &listing, 100)?;
        Ok::<_, StoreError>(plan(conn, &queries[1], organization)?)
    });
    let plan = work.await.unwrap();
    let (found, read) = match backend {
        Backend::Sqlite => {
            ("USING COVERING INDEX applications_", "USING INDEX sqlite_autoindex_applications_1 (id=?)")
        }
        Backend::Postgres => ("Index Only Scan using applications_", "Index Scan using applications_pkey"),
    };
    assert!(plan.contains(found) && plan.contains(read), "{plan}");
}
