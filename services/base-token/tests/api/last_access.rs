//! §6, `last_access`: it is written later, and never lost for that.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use rstest::rstest;
use serde_json::Value;
use store::{Db, StoreError, on_backend};

use crate::support::{Backend, Service};
use crate::tokens_support::START;

const NINE: &str = "2027-01-15T09:00:00+00:00";

async fn run(db: &Db, statement: &'static str) {
    let done = db.write(move |conn| {
        Ok::<_, StoreError>(on_backend!(conn, |c| diesel::sql_query(statement).execute(c))?)
    });
    done.await.unwrap();
}

async fn last(service: &Service, base: &Value) -> Value {
    service.api_tokens("mira", base).await[0]["last_access"].clone()
}

/// A write that fails is tried again; meanwhile this process knows.
#[rstest]
#[actix_web::test]
async fn a_write_that_fails_is_not_forgotten(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (db, base) = (service.db(), service.base("mira", "Stock Room").await);
    let token = service.api_token("mira", &base, "app", "r").await;
    service.advance(3600);
    service.exchange(&token).await.expect(200);
    run(&db, "ALTER TABLE api_tokens RENAME TO elsewhere").await;
    service.bases.shutdown().await;
    run(&db, "ALTER TABLE elsewhere RENAME TO api_tokens").await;
    assert_eq!(last(&service, &base).await, NINE);
    service.bases.shutdown().await;
    assert_eq!(last(&service.restarted().await, &base).await, NINE);
}

/// Of two processes that were both used the later use stays, whichever writes last.
#[rstest]
#[actix_web::test]
async fn the_later_use_of_two_processes_stays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] later_writes_first: bool,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "r").await;
    let other = service.restarted().await;
    service.advance(60);
    service.exchange(&token).await.expect(200);
    service.advance(3540);
    other.exchange(&token).await.expect(200);
    let (first, second) = if later_writes_first { (&other, &service) } else { (&service, &other) };
    first.bases.shutdown().await;
    second.bases.shutdown().await;
    assert_eq!(last(&service.restarted().await, &base).await, NINE);
    assert_eq!(last(&service, &base).await, NINE);
}

/// Uses of more tokens than one transaction takes, among them one that is deleted meanwhile.
#[rstest]
#[actix_web::test]
async fn many_tokens_are_written_in_batches(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use base_token::last_access::LastAccess;

    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    for name in ["a", "b"] {
        service.api_token("mira", &base, name, "r").await;
    }
    let noted = LastAccess::new(service.db());
    let at = |seconds: i64| -> DateTime<Utc> {
        DateTime::from_timestamp(START, 0).unwrap() + TimeDelta::seconds(seconds)
    };
    for id in 1..=1203 {
        noted.note(id, at(3600));
        noted.note(id, at(60));
    }
    assert_eq!(noted.latest(7, at(0)), at(3600));
    assert_eq!(noted.flush().await.unwrap(), 1203);
    assert_eq!(noted.flush().await.unwrap(), 0);
    assert_eq!(noted.latest(7, at(0)), at(0));
    let list = service.api_tokens("mira", &base).await;
    assert!(list.iter().all(|token| token["last_access"] == NINE), "{list:?}");
}
