//! §11, §13: who has to do with a base, for whoever holds a Base-Token.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, SERVER, Service, base_path, workspace_path};

async fn base_token(service: &Service, who: &str, base: &Value) -> String {
    let path =
        base_path(base["workspace_id"].as_i64().unwrap(), base["name"].as_str().unwrap(), "access-token/");
    service.get(who, &path).await.expect(200).json()["access_token"].as_str().unwrap().to_owned()
}

fn path(uuid: &str) -> String {
    format!("/api/v2.1/dtables/{uuid}/related-users/")
}

async fn ask(service: &Service, uuid: &str, token: &str) -> Answer {
    let request = service.request("GET", &path(uuid));
    Answer::of(request.header("authorization", format!("Token {token}"))).await
}

/// Owner, those it is shared with, and the members of groups it is shared with; each once.
#[rstest]
#[actix_web::test]
async fn everybody_who_may_see_the_base_is_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa", "ola"]).await;
    let base = service.base("mira", "Stock").await;
    for (with, permission) in [("noa", "r"), ("per", "rw")] {
        service.share("mira", &base, with, permission).await;
    }
    service.share_with_group("mira", &base, group, "r").await;
    let uuid = base["uuid"].as_str().unwrap();
    let mut expected = vec![];
    for name in ["mira", "noa", "ola", "per"] {
        let person = service.person(name).await;
        expected.push(json!({
            "email": person.internal_id, "name": person.account.shown_name(),
            "avatar_url": format!("{SERVER}/media/avatars/default.png"),
        }));
    }
    let by_id = |user: &Value| user["email"].as_str().unwrap().to_owned();
    expected.sort_by_key(by_id);
    for who in ["mira", "noa", "per"] {
        let token = base_token(&service, who, &base).await;
        for uuid in [uuid.to_owned(), uuid.replace('-', ""), uuid.to_uppercase()] {
            let told = ask(&service, &uuid, &token).await.expect(200).json();
            assert_eq!(told["user_list"], json!(expected), "{who}");
        }
    }
}

/// §13: the exact refusals.
#[rstest]
#[actix_web::test]
async fn another_token_is_refused_in_the_words_of_the_data_plane(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (base, other) = (service.base("mira", "Stock").await, service.base("mira", "Sales").await);
    let uuid = base["uuid"].as_str().unwrap();
    let token = base_token(&service, "mira", &base).await;
    service.get("", &path(uuid)).await.expect_forbidden();
    service.get("mira", &path(uuid)).await.expect_forbidden();
    let temporary = base_path(base["workspace_id"].as_i64().unwrap(), "Stock", "temp-api-token/");
    let temporary = service.get("mira", &temporary).await.expect(200).json();
    ask(&service, uuid, temporary["api_token"].as_str().unwrap()).await.expect_forbidden();
    ask(&service, uuid, &base_token(&service, "mira", &other).await).await.expect_forbidden();
    ask(&service, "no-uuid", &token).await.expect_forbidden();
    ask(&service, uuid, &format!("{token}x")).await.expect_forbidden();
    let basic = service.request("GET", &path(uuid)).header("authorization", format!("Basic {token}"));
    Answer::of(basic).await.expect_forbidden();
    ask(&service, uuid, &token).await.expect(200);
    service.advance(259_200);
    ask(&service, uuid, &token).await.expect_msg(403, "Token expired.");
}

/// What an anonymous visitor got opens the base, and nobody's name.
#[actix_web::test]
async fn an_external_link_tells_nobody_s_name() {
    let service = Service::on(Backend::Sqlite).await;
    let base = service.base("mira", "Stock").await;
    let links = base_path(base["workspace_id"].as_i64().unwrap(), "Stock", "external-links/");
    service.form("mira", "POST", &links, &[("token", "spring-fair")]).await.expect(200);
    let opened =
        service.get("", "/api/v2.1/external-link-tokens/spring-fair/access-token/").await.expect(200);
    let token = opened.json()["access_token"].as_str().unwrap().to_owned();
    ask(&service, base["uuid"].as_str().unwrap(), &token).await.expect_forbidden();
}

/// A Base-Token outlives its base; who has to do with it is told no more.
#[rstest]
#[actix_web::test]
async fn of_a_deleted_base_nothing_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    let token = base_token(&service, "mira", &base).await;
    let bases = workspace_path(base["workspace_id"].as_i64().unwrap());
    service.form("mira", "DELETE", &bases, &[("name", "Stock")]).await.expect(200);
    let gone = ask(&service, base["uuid"].as_str().unwrap(), &token).await;
    gone.expect_msg(404, &format!("dtable _(deleted_{}) Stock not found.", base["id"]));
}

/// Threat 18, §12: each answer asks the directory for people and groups, so they are counted, by base.
#[rstest]
#[actix_web::test]
async fn threat_18_questions_are_counted_by_base(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, json!({"rates": {"user": 6, "window": "1m"}})).await;
    let (base, other) = (service.base("mira", "Stock").await, service.base("mira", "Other").await);
    service.share("mira", &base, "noa", "r").await;
    let (mira, noa) = (base_token(&service, "mira", &base).await, base_token(&service, "noa", &base).await);
    let elsewhere = base_token(&service, "mira", &other).await;
    let uuid = base["uuid"].as_str().unwrap();
    for token in [&mira, &noa, &mira, &noa, &mira, &noa] {
        ask(&service, &uuid.replace('-', ""), token).await.expect(200);
    }
    for token in [&mira, &noa] {
        let refused = ask(&service, uuid, token).await;
        refused.expect_detail(429, "Request was throttled. Expected available in 60 seconds.");
    }
    ask(&service, other["uuid"].as_str().unwrap(), &elsewhere).await.expect(200);
}
