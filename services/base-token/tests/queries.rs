//! What an exchange costs: one read by an index, nobody else asked, and no write. `contracts/seatable-tokens.md` §6, §8.1.
//!
//! A binary of its own: what is counted is counted for the whole process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_claims::clock::Clock;
use auth_client::directory::{Directory, DirectoryError, DirectoryGroup, Membership, Person};
use base_token::BasesSettings;
use base_token::app::{App, BasePath};
use base_token::domain::base::{Appearance, NewBase};
use base_token::domain::id::AccountId;
use base_token::domain::permission::Permission;
use base_token::domain::workspace::Owner;
use base_token::store::{MIGRATIONS, api_tokens, bases, workspaces};
use chrono::{DateTime, TimeDelta};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use futures_util::future::BoxFuture;
use master_key::MasterKey;
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::{DatabaseSettings, Db};
use test_kit::{Backend, TestDatabase};
use uuid::Uuid;

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            statements().push(query.to_string());
        }
    }
}

fn statements() -> MutexGuard<'static, Vec<String>> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was asked of the database since the last time, without what begins and ends transactions and connections.
fn asked() -> Vec<String> {
    let mut all = std::mem::take(&mut *statements());
    all.retain(|query| {
        let is_work = ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|word| query.starts_with(word));
        is_work && !query.ends_with("COMMIT")
    });
    all
}

/// Nobody may be asked.
struct Nobody;

impl Directory for Nobody {
    fn people<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Vec<Person>, DirectoryError>> {
        panic!("the directory was asked for people")
    }

    fn groups_of<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Membership>, DirectoryError>> {
        panic!("the directory was asked for groups")
    }

    fn group(&self, _: i64) -> BoxFuture<'_, Result<Option<DirectoryGroup>, DirectoryError>> {
        panic!("the directory was asked for a group")
    }

    fn members(&self, _: i64) -> BoxFuture<'_, Result<Vec<Person>, DirectoryError>> {
        panic!("the directory was asked for members")
    }

    fn create_group<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<DirectoryGroup, DirectoryError>> {
        panic!("the directory was asked to make a group")
    }

    fn delete_group<'a>(&'a self, _: i64, _: &'a str) -> BoxFuture<'a, Result<bool, DirectoryError>> {
        panic!("the directory was asked to remove a group")
    }
}

/// A service, somebody's base in it, and the clock.
struct Given {
    app: App,
    db: Db,
    owner: AccountId,
    at: BasePath,
    base: Uuid,
    clock: Clock,
    _database: TestDatabase,
}

async fn given(backend: Backend) -> Given {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let (master, origin) = (MasterKey::generate().unwrap(), PublicOrigin::new(&ServerSettings::default()));
    let settings = BasesSettings::default();
    let app =
        App::start(settings, db.clone(), &master, Arc::new(Nobody), origin, clock.clone()).await.unwrap();
    let owner = AccountId::from(Uuid::from_u128(7));
    let (by, now) = (owner.clone(), clock.now());
    let made = db.write(move |conn| {
        let workspace = workspaces::ensure(conn, &Owner::Account(by.clone()), now)?;
        let new = NewBase {
            uuid: Uuid::new_v4(),
            workspace_id: workspace.id,
            name: "Stock Room".parse().unwrap(),
            appearance: Appearance::default(),
            created_by: by.clone(),
        };
        bases::insert(conn, &new, now)
    });
    let base = made.await.unwrap().unwrap();
    let at = BasePath { workspace: base.workspace_id, name: base.name };
    Given { app, db, owner, at, base: base.uuid, clock, _database: database }
}

async fn one_read(backend: Backend) {
    let Given { app, db, owner, at, base, clock, _database } = given(backend).await;
    let name = "app".parse().unwrap();
    let made = app.create_api_token(&owner, at.clone(), name, Permission::Write).await.unwrap();
    let token = made.1.token.expose().to_owned();
    let temporary = app.issue_temporary_token(&owner, at.clone()).await.unwrap();
    asked();

    // An API-Token: one read, and no write, however often.
    for _ in 0..50 {
        clock.advance(TimeDelta::milliseconds(20));
        let key = app.find_app_key(&token).await.unwrap().unwrap();
        assert_eq!(app.exchange_app_key(key).unwrap().base.uuid, base);
        let queries = asked();
        assert!(queries.len() == 1 && queries[0].starts_with("SELECT"), "{queries:?}");
        assert!(queries[0].contains("token_mac"), "{queries:?}");
    }
    // A temporary one: the same, by the base's UUID.
    let key = app.find_app_key(&temporary).await.unwrap().unwrap();
    app.exchange_app_key(key).unwrap();
    let queries = asked();
    assert!(queries.len() == 1 && queries[0].contains("uuid"), "{queries:?}");
    // One that is unknown: one. A text that can be no token: none.
    assert!(app.find_app_key(&"0".repeat(40)).await.unwrap().is_none());
    assert_eq!(asked().len(), 1);
    assert!(app.find_app_key("x.y.z").await.unwrap().is_none());
    assert_eq!(asked().len(), 0);
    // Fifty exchanges are one write, and nothing is written twice.
    app.flush().await;
    let queries = asked();
    assert!(queries.len() == 1 && queries[0].starts_with("UPDATE"), "{queries:?}");
    app.flush().await;
    assert_eq!(asked(), [""; 0]);
    let listed = app.list_api_tokens(&owner, at.clone()).await.unwrap();
    assert_eq!(listed[0].last_access, clock.now());
    is_indexed(&db).await;

    // An instant never goes back, whoever writes last.
    let (id, earlier) = (listed[0].id, clock.now() - TimeDelta::hours(1));
    db.write(move |conn| api_tokens::note_access(conn, id, earlier)).await.unwrap();
    let listed = app.list_api_tokens(&owner, at).await.unwrap();
    assert_eq!(listed[0].last_access, clock.now());
}

/// The read is by the unique index of the column.
async fn is_indexed(db: &Db) {
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    #[derive(QueryableByName)]
    struct Plan {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    let plan = db.read(|conn| {
        let store::DbConn::Sqlite(conn) = conn else { return Ok(Vec::new()) };
        let query = "EXPLAIN QUERY PLAN SELECT * FROM api_tokens INNER JOIN bases ON bases.id = api_tokens.base_id \
                     WHERE token_mac = x'00'";
        Ok::<_, store::StoreError>(diesel::sql_query(query).load::<Plan>(conn)?)
    });
    for step in plan.await.unwrap() {
        assert!(step.detail.starts_with("SEARCH"), "{}", step.detail);
    }
}

#[actix_web::test]
async fn an_exchange_is_one_read() {
    set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
    one_read(Backend::Sqlite).await;
    one_read(Backend::Postgres).await;
}
