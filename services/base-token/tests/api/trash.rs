//! §8.1, "Trash naming": what becomes of deleted bases.

use std::time::Duration;

use base_token::BasesSettings;
use base_token::domain::name::BaseName;
use base_token::pruning;
use base_token::trash::{self, RestoreError, Which};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Backend, Service, base_path, workspace_path};

const DAY: i64 = 24 * 3600;
async fn delete(service: &Service, base: &Value) {
    let path = workspace_path(base["workspace_id"].as_i64().unwrap());
    let name = json!({ "name": base["name"] });
    service.json("mira", "DELETE", &path, &name).await.expect_success(200);
}

async fn api_token(service: &Service, base: &Value) -> String {
    let path =
        base_path(base["workspace_id"].as_i64().unwrap(), base["name"].as_str().unwrap(), "api-tokens/");
    let form = [("app_name", "sync"), ("permission", "rw")];
    let made = service.form("mira", "POST", &path, &form).await.expect(201).json();
    made["api_token"].as_str().unwrap().to_owned()
}

async fn exchange(service: &Service, token: &str) -> Answer {
    let request = service.request("GET", "/api/v2.1/dtable/app-access-token/");
    Answer::of(request.header("authorization", format!("Token {token}"))).await
}

fn uuid(base: &Value) -> Uuid {
    base["uuid"].as_str().unwrap().parse().unwrap()
}

/// Deleted and restored: its tokens stop, and work again.
#[rstest]
#[actix_web::test]
async fn a_restored_base_is_what_it_was(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    service.share("mira", &base, "noa", "rw").await;
    let token = api_token(&service, &base).await;
    delete(&service, &base).await;
    let text = format!("dtable _(deleted_{}) Stock Room not found.", base["id"]);
    exchange(&service, &token).await.expect_msg(404, &text);
    let trashed = trash::list(&service.db(), Which::Trashed, None, 0, 10).await.unwrap();
    assert_eq!(trashed.iter().map(|placed| placed.base.uuid).collect::<Vec<_>>(), [uuid(&base)]);
    assert!(trash::list(&service.db(), Which::InUse, None, 0, 10).await.unwrap().is_empty());
    let restored = trash::restore(&service.db(), &service.clock, uuid(&base), None).await.unwrap();
    assert_eq!((restored.base.name.as_str(), restored.base.trashed_at), ("Stock Room", None));
    exchange(&service, &token).await.expect(200);
    let shared = service.get("noa", "/api/v2.1/dtables/shared/").await.expect(200).json();
    assert_eq!(shared["table_list"][0]["uuid"], base["uuid"]);
    let again = trash::restore(&service.db(), &service.clock, uuid(&base), None).await.unwrap_err();
    assert!(matches!(again, RestoreError::InUse(_)), "{again}");
    let nothing = trash::restore(&service.db(), &service.clock, Uuid::new_v4(), None).await.unwrap_err();
    assert!(matches!(nothing, RestoreError::Unknown(_)), "{nothing}");
}

/// A name that was given to another base meanwhile stays that one's.
#[rstest]
#[actix_web::test]
async fn a_taken_name_is_not_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let old = service.base("mira", "Stock").await;
    delete(&service, &old).await;
    let new = service.base("mira", "Stock").await;
    delete(&service, &new).await;
    let newest = service.base("mira", "Stock").await;
    let restore = async |name: Option<&str>| {
        let name = name.map(|name| name.parse::<BaseName>().unwrap());
        trash::restore(&service.db(), &service.clock, uuid(&old), name).await
    };
    let refused = restore(None).await.unwrap_err();
    assert!(matches!(&refused, RestoreError::NameTaken(name) if name == "Stock"), "{refused}");
    assert_eq!(restore(Some("Stock (old)")).await.unwrap().base.name, "Stock (old)");
    let own = service.workspace("mira", |entry| entry["type"] == "personal").await.unwrap();
    let names: Vec<_> =
        own["table_list"].as_array().unwrap().iter().map(|base| base["name"].clone()).collect();
    assert_eq!(names, ["Stock (old)", "Stock"]);
    assert_eq!(own["table_list"][1]["uuid"], newest["uuid"]);
}

/// After its time a base is gone with its tokens, in bounded batches, and no other is.
#[rstest]
#[actix_web::test]
async fn a_base_is_purged_after_its_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (early, late) = (service.base("mira", "early").await, service.base("mira", "late").await);
    let kept = service.base("mira", "kept").await;
    let token = api_token(&service, &early).await;
    delete(&service, &early).await;
    service.advance(DAY);
    delete(&service, &late).await;
    let (db, clock) = (service.db(), service.clock.clone());
    service.advance(29 * DAY - 1);
    assert_eq!(service.prune().await, 0, "not a moment too early");
    service.advance(1);
    assert_eq!(service.prune().await, 2, "the base and its token");
    exchange(&service, &token).await.expect_forbidden();
    let gone = trash::restore(&db, &clock, uuid(&early), None).await.unwrap_err();
    assert!(matches!(gone, RestoreError::Unknown(_)), "{gone}");
    let left = trash::list(&db, Which::Trashed, None, 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|placed| placed.base.uuid).collect::<Vec<_>>(), [uuid(&late)]);
    service.advance(1000 * DAY);
    let for_ever = BasesSettings { trash_retention: Duration::MAX, ..BasesSettings::default() };
    assert_eq!(pruning::prune(&db, &clock, &for_ever).await.unwrap(), 0);
    let used = trash::list(&db, Which::InUse, None, 0, 10).await.unwrap();
    assert_eq!(used.iter().map(|placed| placed.base.uuid).collect::<Vec<_>>(), [uuid(&kept)]);
    // Its number is never given again.
    let next = service.base("mira", "next").await;
    assert!(next["id"].as_i64() > kept["id"].as_i64());
}

/// More than a batch of them goes in one purge.
#[rstest]
#[actix_web::test]
async fn many_bases_are_purged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for number in 0..205 {
        let base = service.base("mira", &format!("base {number}")).await;
        delete(&service, &base).await;
    }
    service.advance(31 * DAY);
    assert_eq!(service.prune().await, 205);
    assert!(trash::list(&service.db(), Which::Trashed, None, 0, 10).await.unwrap().is_empty());
}

/// A service purges when it starts.
#[actix_web::test]
async fn a_start_purges() {
    let service = Service::on(Backend::Sqlite).await;
    let base = service.base("mira", "Stock").await;
    delete(&service, &base).await;
    service.advance(40 * DAY);
    let _other = service.restarted().await;
    service
        .until(async || trash::list(&service.db(), Which::Trashed, None, 0, 10).await.unwrap().is_empty())
        .await;
}
