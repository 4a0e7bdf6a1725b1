//! Deleted accounts: what is theirs goes, what they did for groups stays.

use base_token::store::leavers;
use base_token::trash::{self, Which};
use diesel::prelude::*;
use identity::audit::Origin;
use rstest::rstest;
use serde_json::Value;
use store::StoreError;

use crate::support::{Backend, Service};
use crate::tokens_support::of;

const DAY: i64 = 24 * 3600;

diesel::table! {
    workspaces (id) {
        id -> BigInt,
        owner_kind -> Text,
        owner -> Text,
    }
}

async fn delete(service: &Service, name: &str) {
    let id = service.person(name).await.account.id;
    service.identity.delete_account(id, &Origin::default()).await.unwrap();
}

/// The names of all bases in use, or of all in the trash.
async fn names(service: &Service, which: Which) -> Vec<String> {
    let found = trash::list(&service.db(), which, None, 0, 100).await.unwrap();
    found.into_iter().map(|placed| placed.base.name).collect()
}

async fn in_trash(service: &Service, expected: &[&str]) {
    service.until(async || names(service, Which::Trashed).await == expected).await;
}

/// Whether somebody has a workspace of their own, bases or not.
async fn has_workspace(service: &Service, name: &str) -> bool {
    let owner = service.person(name).await.account.id.to_string();
    let db = service.db();
    let found = db.read(move |conn| {
        let own = workspaces::table.filter(workspaces::owner.eq(&owner)).count();
        Ok::<i64, StoreError>(own.get_result(conn)?)
    });
    found.await.unwrap() == 1
}

async fn shared_with(service: &Service, name: &str) -> Vec<Value> {
    let list = service.get(name, "/api/v2.1/dtables/shared/").await.expect(200).json();
    list["table_list"].as_array().unwrap().iter().map(|base| base["name"].clone()).collect()
}

/// The whole table of `store::leavers`.
#[rstest]
#[actix_web::test]
async fn what_belongs_to_a_deleted_account_goes_and_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let own = service.base("mira", "Own").await;
    service.share("mira", &own, "noa", "rw").await;
    let own_token = service.api_token("mira", &own, "sync", "rw").await;
    let own_link = service.link("mira", &own, &[]).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let of_group = service.group_base("mira", group, "Common").await;
    let group_token = service.api_token("mira", &of_group, "sync", "rw").await;
    let others = service.base("noa", "Others").await;
    service.share("noa", &others, "mira", "r").await;
    service.share("noa", &others, "olaf", "r").await;
    let others_token = service.api_token("noa", &others, "sync", "rw").await;

    delete(&service, "mira").await;
    in_trash(&service, &["Own"]).await;
    service.exchange(&own_token).await.expect_forbidden();
    assert_ne!(service.exchange_link(&own_link).await.status, 200);
    // §3: who has made a token does not matter.
    for token in [&group_token, &others_token] {
        service.exchange(token).await.expect(200);
    }
    assert_eq!(names(&service, Which::InUse).await, ["Common", "Others"]);
    let shares = service.get("noa", &of(&others, "share/")).await.expect(200).json();
    let olaf = service.person("olaf").await.internal_id;
    assert!(shares.to_string().contains(&olaf), "{shares}");
    assert!(!shares.to_string().contains(&service.person("mira").await.internal_id), "{shares}");
    assert_eq!(shared_with(&service, "noa").await, [""; 0], "a base in the trash is shared with nobody");
    // What they have made elsewhere tells the id, of nobody.
    let listed = service.get("noa", "/api/v2.1/workspaces/").await.expect(200).json();
    assert!(listed.to_string().contains("Common"), "{listed}");
}

/// An operator may take a base out of the trash, and no restart puts it back; its tokens do not come back with it.
#[rstest]
#[actix_web::test]
async fn what_an_operator_takes_out_of_the_trash_stays_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (kept, other) = (service.base("mira", "Kept").await, service.base("mira", "Other").await);
    service.share("mira", &kept, "noa", "rw").await;
    let token = service.api_token("mira", &kept, "sync", "rw").await;
    service.base("noa", "Marker").await;
    delete(&service, "mira").await;
    in_trash(&service, &["Kept", "Other"]).await;
    service.advance(DAY);
    let uuid = kept["uuid"].as_str().unwrap().parse().unwrap();
    trash::restore(&service.db(), &service.clock, uuid, None).await.unwrap();
    assert_eq!(shared_with(&service, "noa").await, ["Kept"]);
    let restarted = service.restarted().await;
    // Who is deleted after the others is seen to after them.
    delete(&service, "noa").await;
    in_trash(&restarted, &["Other", "Marker"]).await;
    assert_eq!(names(&service, Which::InUse).await, ["Kept"]);
    service.exchange(&token).await.expect_forbidden();
    // With the last base in the trash a workspace goes, unless a base is in use in it.
    service.advance(30 * DAY + 1);
    assert_eq!(service.prune().await, 3, "two bases and a workspace");
    assert!(has_workspace(&service, "mira").await);
    assert!(!has_workspace(&service, "noa").await);
    assert_eq!(other["workspace_id"], kept["workspace_id"]);
}

/// A service that was down when the account was deleted hears of it when it starts, for thirty days; so do all replicas.
#[rstest]
#[actix_web::test]
async fn threat_26_a_restarted_service_hears_of_whoever_has_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.base("mira", "Own").await;
    let token = {
        let base = service.base("mira", "Second").await;
        service.api_token("mira", &base, "sync", "rw").await
    };
    delete(&service, "mira").await;
    in_trash(&service, &["Own", "Second"]).await;
    service.exchange(&token).await.expect_forbidden();
    // As if this service had been down: its rows as they were.
    let (db, now) = (service.db(), service.clock.now());
    let owner = service.person("mira").await.account.id.to_string();
    db.write(|conn| {
        diesel::sql_query("UPDATE workspaces SET left_at = NULL").execute(conn)?;
        diesel::sql_query("UPDATE bases SET trashed_at = NULL").execute(conn)?;
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
    service.advance(29 * DAY);
    service.identity.prune(None).await.unwrap();
    let replicas = [service.restarted().await, service.restarted().await];
    in_trash(&replicas[0], &["Own", "Second"]).await;
    let again = db.write(move |conn| leavers::leave(conn, &owner.parse().unwrap(), now));
    assert_eq!(again.await.unwrap(), leavers::Left::default(), "nothing is left");
}

/// A workspace without bases goes at once, and one that a request under way has made meanwhile at the second look.
#[rstest]
#[actix_web::test]
async fn an_empty_workspace_goes_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.workspace_of("mira").await;
    assert!(has_workspace(&service, "mira").await);
    delete(&service, "mira").await;
    service.until(async || !has_workspace(&service, "mira").await).await;
    // A base that came late, and one that came much later, which only an operator can have brought.
    let account: base_token::domain::id::AccountId =
        service.person("mira").await.account.id.to_string().parse().unwrap();
    service.base("noa", "Late").await;
    let (db, now, owner) = (service.db(), service.clock.now(), account.as_str().to_owned());
    let give = move |conn: &mut store::DbConn| {
        diesel::update(workspaces::table).set(workspaces::owner.eq(&owner)).execute(conn)?;
        Ok::<_, StoreError>(())
    };
    db.write(give).await.unwrap();
    let look = async |seconds: i64| {
        let (account, at) = (account.clone(), now + chrono::TimeDelta::seconds(seconds));
        db.write(move |conn| leavers::leave(conn, &account, at)).await.unwrap().bases
    };
    let restore = "UPDATE bases SET trashed_at = NULL";
    assert_eq!(look(0).await, 1);
    db.write(move |conn| Ok::<_, StoreError>(diesel::sql_query(restore).execute(conn)?)).await.unwrap();
    assert_eq!(look(60).await, 1, "a minute later it came from a request");
    db.write(move |conn| Ok::<_, StoreError>(diesel::sql_query(restore).execute(conn)?)).await.unwrap();
    assert_eq!(look(DAY).await, 0, "a day later from an operator");
}
