//! The section `bases` of bootstrap files.

use base_token::bootstrap::{self, BootstrapError, Document, Owners};
use base_token::domain::id::AccountId;
use futures_util::future::{BoxFuture, FutureExt as _};
use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, base_path, workspace_path};

const UUID: &str = "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613";
const OTHER: &str = "7b1c2d34-0000-4000-8000-00000000000a";

/// The directory, asked by names.
struct ByName<'a>(&'a Service, i64);

impl Owners for ByName<'_> {
    fn account<'a>(&'a self, login: &'a str) -> BoxFuture<'a, anyhow::Result<Option<AccountId>>> {
        async move {
            let found = self.0.identity.find_account_by_login(login).await?;
            Ok(found.map(|account| account.id.to_string().parse()).transpose()?)
        }
        .boxed()
    }

    fn group<'a>(&'a self, id: &'a str) -> BoxFuture<'a, anyhow::Result<Option<i64>>> {
        async move { Ok((id == "logistics").then_some(self.1)) }.boxed()
    }
}

async fn apply(service: &Service, group: i64, text: &str) -> Result<Vec<String>, BootstrapError> {
    let (document, owners) = (Document::parse(text)?, ByName(service, group));
    let planned = bootstrap::plan(&service.db(), &document, &owners).await?;
    let done = bootstrap::apply(&service.db(), &service.clock, &document, &owners).await?;
    assert_eq!(planned, done);
    Ok(done.iter().map(ToString::to_string).collect())
}

/// Made, changed, left alone, taken out of the trash.
#[rstest]
#[actix_web::test]
async fn declared_bases_are_what_is_declared(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &[]).await;
    let text = |name: &str, more: &str| {
        format!(
            "bases:\n  - {{ uuid: {UUID}, name: {name}, owner: mira{more} }}\n  - {{ uuid: {OTHER}, name: Sales, group: logistics }}\n"
        )
    };
    let made = apply(&service, group, &text("Stock", ", color: red")).await.unwrap();
    assert_eq!(
        made,
        [format!("create base {UUID} (owner, name, color)"), format!("create base {OTHER} (group, name)")]
    );
    assert!(apply(&service, group, &text("Stock", "")).await.unwrap().is_empty(), "what is absent stays");
    let changed = apply(&service, group, &text("Stockroom", ", color: blue, icon: box")).await.unwrap();
    assert_eq!(changed, [format!("update base {UUID} (name, color, icon)")]);
    let own = service.workspace("mira", |entry| entry["type"] == "personal").await.unwrap();
    let base = own["table_list"][0].clone();
    assert_eq!(
        (&base["uuid"], &base["name"], &base["color"]),
        (&json!(UUID), &json!("Stockroom"), &json!("blue"))
    );
    let of_group = service.workspace("mira", |entry| entry["group_id"] == group).await.unwrap();
    assert_eq!(of_group["table_list"][0]["uuid"], OTHER);
    let workspace = base["workspace_id"].as_i64().unwrap();
    service
        .json("mira", "DELETE", &workspace_path(workspace), &json!({ "name": "Stockroom" }))
        .await
        .expect(200);
    let restored = apply(&service, group, &text("Stock", "")).await.unwrap();
    assert_eq!(restored, [format!("update base {UUID} (name, trash)")]);
    service.get("mira", &base_path(workspace, "Stock", "share/")).await.expect(200);
}

/// What cannot be is told, and nothing of the file is applied.
#[rstest]
#[case::nobody("owner: nobody", "bases[1].owner")]
#[case::no_group("group: elsewhere", "bases[1].group")]
#[case::name_taken("owner: mira", "bases[1].name")]
#[actix_web::test]
async fn a_file_with_a_fault_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] owner: &str,
    #[case] path: &str,
) {
    let service = Service::on(backend).await;
    service.base("mira", "Taken").await;
    let text = format!(
        "bases:\n  - {{ uuid: {UUID}, name: Stock, owner: mira }}\n  - {{ uuid: {OTHER}, name: Taken, {owner} }}\n"
    );
    let document = Document::parse(&text).unwrap();
    let refused = bootstrap::apply(&service.db(), &service.clock, &document, &ByName(&service, 0)).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.starts_with(path), "{text}");
    let own = service.workspace("mira", |entry| entry["type"] == "personal").await.unwrap();
    assert_eq!(own["table_list"].as_array().unwrap().len(), 1);
}

/// A base stays where it is.
#[actix_web::test]
async fn a_base_does_not_move() {
    let service = Service::on(Backend::Sqlite).await;
    service.person("noa").await;
    let uuid = service.base("mira", "Stock").await["uuid"].as_str().unwrap().to_owned();
    let text = format!("bases:\n  - {{ uuid: {uuid}, name: Stock, owner: noa }}\n");
    let refused = apply(&service, 0, &text).await.unwrap_err().to_string();
    assert!(refused.starts_with("bases[0].owner: is not whose"), "{refused}");
}
