//! A page of people costs as many queries as one of them (threat 18). A test binary of its own, because it counts the
//! statements of the whole process.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use diesel::connection::{InstrumentationEvent, SimpleConnection as _, set_default_instrumentation};
use identity::MIGRATIONS;
use identity::accounts::AccountId;
use identity::directory_search::{self, Among, Window};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

static QUERIES: AtomicUsize = AtomicUsize::new(0);

fn count(event: &InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { .. } = event {
        QUERIES.fetch_add(1, Ordering::AcqRel);
    }
}

/// Queries of a search for `search` and of everything about whom it finds, and how many those are.
async fn queries(db: &Db, among: Among<'static>, search: &'static str, limit: i64) -> (usize, usize) {
    let work = move |conn: &mut DbConn| {
        let before = QUERIES.load(Ordering::Acquire);
        let window = Window { offset: 0, limit: Some(limit) };
        let found = directory_search::find(conn, among, search, window)?;
        let ids: Vec<AccountId> = found.iter().map(|one| one.id).collect();
        let people = directory_search::load(conn, &ids)?;
        Ok::<_, StoreError>((QUERIES.load(Ordering::Acquire) - before, people.len()))
    };
    db.read(work).await.unwrap()
}

/// A hundred and fifty people who manage each other.
fn fill(conn: &mut DbConn) -> Result<(), StoreError> {
    let mut sql = String::from(
        "INSERT INTO groups (id, name, created_at, updated_at)
        VALUES ('staff', 'staff', '2026-01-01 00:00:00', '2026-01-01 00:00:00');",
    );
    for number in 0..150 {
        let id = format!("01900000-0000-7000-8000-{number:012}");
        let manager = format!("01900000-0000-7000-8000-{:012}", number / 2);
        write!(
            sql,
            "INSERT INTO accounts (id, login, login_key, roles, provisional, enabled, created_at, updated_at)
            VALUES ('{id}', 'user{number}', 'user{number}', '[]', FALSE, FALSE, '2026-01-01 00:00:00',
                '2026-01-01 00:00:00');
            INSERT INTO account_groups (account_id, group_id) VALUES ('{id}', 'staff');
            INSERT INTO group_subadmins (account_id, group_id) VALUES ('{id}', 'staff');
            INSERT INTO account_sign_ins (account_id, first_at, last_at)
            VALUES ('{id}', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
            INSERT INTO account_mails (account_id, address, position, scope, verified)
            VALUES ('{id}', 'a@example.org', 1, 'v2-local', TRUE), ('{id}', 'b@example.org', 2, 'v2-local', TRUE);
            INSERT INTO account_details (account_id, manager_id, profile, profile_enabled, scopes, updated_at)
            VALUES ('{id}', '{manager}', '{{}}', TRUE, '{{}}', '2026-01-01 00:00:00');"
        )
        .unwrap();
    }
    Ok(conn.batch_execute(&sql)?)
}

#[tokio::test]
async fn threat_18_a_page_costs_as_many_queries_as_one_person() {
    set_default_instrumentation(|| Some(Box::new(|event: InstrumentationEvent<'_>| count(&event)))).unwrap();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::on(backend);
        let settings = DatabaseSettings { max_connections: 1, ..DatabaseSettings::at(database.url()) };
        let db = Db::open(&settings).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        db.write(fill).await.unwrap();
        for among in [Among::Everybody, Among::Disabled, Among::SignedIn, Among::Group("staff")] {
            for search in ["", "user"] {
                let (one, found) = queries(&db, among, search, 1).await;
                assert_eq!(found, 1);
                let (hundred, found) = queries(&db, among, search, 100).await;
                assert_eq!(found, 100);
                // PostgreSQL reads one account in one statement, many in two.
                assert!(hundred <= one + 1, "{hundred} queries for {one}: {among:?} {search:?}");
                assert!(one <= 12, "{one} queries for {among:?} {search:?}");
            }
        }
        let (nobody, found) = queries(&db, Among::Everybody, "nobody", 100).await;
        assert!(found == 0 && nobody <= 13, "{nobody} queries for {found} people");
    }
}
