//! §7, §8: temporary API-Tokens, and the exchanges for a Base-Token.

use auth_claims::base_token::{Access, BaseTokenVerifier};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path, workspace_path};
use crate::tokens_support::{APP_ACCESS_TOKEN, BASE_KEY, START, claims, of, of_token, with_keys};

const ENDS: i64 = START + 259_200;

/// What every exchange says of a base.
fn places(base: &Value, token: &Value) -> Value {
    json!({
        "access_token": token, "dtable_uuid": base["uuid"],
        "dtable_server": "https://tables.example.org/dtable-server/",
        "dtable_socket": "https://tables.example.org/",
        "dtable_db": "https://tables.example.org/dtable-db/",
        "workspace_id": base["workspace_id"], "dtable_name": base["name"],
    })
}

/// The claims of §3.1 in their order.
fn expected(base: &Value, username: &str, permission: &str, app_name: Option<&str>) -> String {
    let app_name = app_name.map_or_else(String::new, |name| format!(r#","app_name":"{name}""#));
    let uuid = base["uuid"].as_str().unwrap();
    format!(
        r#"{{"exp":{ENDS},"dtable_uuid":"{uuid}","username":"{username}","permission":"{permission}"{app_name}}}"#
    )
}

#[rstest]
#[case::reads("r")]
#[case::writes("rw")]
#[actix_web::test]
async fn an_api_token_is_exchanged(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] permission: &str,
) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "stock-sync", permission).await;
    for scheme in ["Token", "Bearer", "token", "BEARER "] {
        // §2.2: a content type without a body, and whatever the query says.
        let request = service.request("GET", &format!("{APP_ACCESS_TOKEN}?exp=5h&permission=rw"));
        let request = request.header("content-type", "application/json").header("accept", "text/html");
        let answer = Answer::of(request.header("authorization", format!("{scheme} {token}"))).await;
        let access_token = answer.json()["access_token"].clone();
        let mut body = places(&base, &access_token);
        body["app_name"] = json!("stock-sync");
        answer.expect_json(200, &body);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(claims(&access_token), expected(&base, "", permission, Some("stock-sync")));
        assert!(access_token.as_str().unwrap().starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."));
    }
}

/// A data plane with the same key lets in whom the token is for, for as long as it lives.
#[rstest]
#[actix_web::test]
async fn a_data_plane_takes_the_tokens(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "stock-sync", "rw").await;
    let got = service.exchange(&token).await.expect(200).json();
    let header = format!("Token {}", got["access_token"].as_str().unwrap());
    let verifier = BaseTokenVerifier::shared(BASE_KEY.as_bytes(), service.clock.clone());
    let uuid = base["uuid"].as_str().unwrap();
    let access = verifier.verify(Some(&header), uuid, Access::Write).unwrap();
    assert_eq!(access.attribution(), "stock-sync");
    service.advance(259_199);
    assert!(verifier.verify(Some(&header), uuid, Access::Read).is_ok());
    service.advance(1);
    assert_eq!(verifier.verify(Some(&header), uuid, Access::Read).unwrap_err().to_string(), "Token expired.");
}

/// §9: the claim is what the caller may, however they came by it.
#[rstest]
#[actix_web::test]
async fn an_account_is_exchanged_for_what_it_may(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, with_keys()).await;
    let group = service.group("Logistics", "mira", &["noa", "ada"]).await;
    service.promote(group, "ada").await;
    let readers = service.group("Readers", "rex", &["mira", "ivo", "both"]).await;
    let base = service.group_base("mira", group, "Stock Room").await;
    service.share("mira", &base, "wim", "rw").await;
    service.share("mira", &base, "rita", "r").await;
    service.share("mira", &base, "both", "rw").await;
    service.share_with_group("mira", &base, readers, "r").await;
    let path = of(&base, "access-token/");
    for (who, permission) in [
        ("mira", "rw"),
        ("ada", "rw"),
        ("noa", "rw"),
        ("wim", "rw"),
        ("rita", "r"),
        ("ivo", "r"),
        ("rex", "r"),
        ("both", "rw"),
    ] {
        let answer = service.get(who, &path).await;
        let access_token = answer.json()["access_token"].clone();
        answer.expect_json(200, &places(&base, &access_token));
        assert_eq!(answer.header("cache-control"), "no-store");
        let username = service.person(who).await.internal_id;
        assert_eq!(claims(&access_token), expected(&base, &username, permission, None), "{who}");
    }
    service.get("otto", &path).await.expect_forbidden();
}

/// §4.1, §8.2: in this order.
#[rstest]
#[actix_web::test]
async fn an_account_is_refused_in_the_order_of_the_contract(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("access-token/", "temp-api-token/")] what: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let nowhere = base_path(99_999, "Stock Room", what);
    service.get("", &nowhere).await.expect_detail(403, "Authentication credentials were not provided.");
    service.get_with("Token x", &nowhere).await.expect_detail(401, "Invalid token");
    service.get("noa", &nowhere).await.expect_msg(404, "Workspace 99999 not found.");
    let unknown = base_path(workspace, "Cellar", what);
    service.get("noa", &unknown).await.expect_msg(404, "dtable Cellar not found.");
    service.get("noa", &of(&base, what)).await.expect_forbidden();
    // A base of another workspace is none of this one.
    let other = service.workspace_of("noa").await;
    let wrong = base_path(other, "Stock Room", what);
    service.get("mira", &wrong).await.expect_msg(404, "dtable Stock Room not found.");
}

#[rstest]
#[actix_web::test]
async fn a_temporary_token_is_good_for_an_hour(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let (uuid, mira) = (base["uuid"].as_str().unwrap(), service.person("mira").await.internal_id);
    let answer = service.get("mira", &of(&base, "temp-api-token/")).await;
    let token = answer.json()["api_token"].clone();
    answer.expect_json(200, &json!({"api_token": token}));
    assert_eq!(answer.header("cache-control"), "no-store");
    let signed = format!(r#"{{"username":"{mira}","dtable_uuid":"{uuid}","exp":{}}}"#, START + 3600);
    assert_eq!(claims(&token), signed);

    let token = token.as_str().unwrap();
    let exchanged = service.exchange(token).await;
    let access_token = exchanged.json()["access_token"].clone();
    let mut body = places(&base, &access_token);
    body["app_name"] = json!("scripts");
    exchanged.expect_json(200, &body);
    assert_eq!(claims(&access_token), expected(&base, &mira, "rw", Some("scripts")));
    // §6.1: it is on no list.
    service.get("mira", &of(&base, "api-tokens/")).await.expect_json(200, &json!({"api_tokens": []}));
    service.advance(3599);
    service.exchange(token).await.expect(200);
    service.advance(1);
    service.exchange(token).await.expect_forbidden();
}

/// §7, "Who": only whoever may write, since the exchange always writes.
#[rstest]
#[actix_web::test]
async fn readers_get_no_temporary_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let base = service.group_base("mira", group, "Stock Room").await;
    service.share("mira", &base, "wim", "rw").await;
    service.share("mira", &base, "rita", "r").await;
    for who in ["mira", "noa", "wim"] {
        let token = service.temporary_token(who, &base).await;
        service.exchange(&token).await.expect(200);
    }
    for who in ["rita", "otto"] {
        service.get(who, &of(&base, "temp-api-token/")).await.expect_forbidden();
    }
}

/// §3.1: a temporary token goes on for its hour, and then says nothing of an account that is gone.
#[rstest]
#[actix_web::test]
async fn a_temporary_token_of_nobody_names_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, with_keys()).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let base = service.group_base("mira", group, "Stock Room").await;
    let token = service.temporary_token("noa", &base).await;
    let noa = service.person("noa").await;
    let said = async || claims(&service.exchange(&token).await.expect(200).json()["access_token"]);
    assert_eq!(said().await, expected(&base, &noa.internal_id, "rw", Some("scripts")));
    service.identity.delete_account(noa.account.id, &identity::audit::Origin::default()).await.unwrap();
    let nobody = expected(&base, "", "rw", Some("scripts"));
    service.until(async || said().await == nobody).await;
}

/// §4.2: every problem with the credential has one answer.
#[rstest]
#[actix_web::test]
async fn whatever_is_wrong_with_an_api_token_the_answer_is_the_same(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "rw").await;
    let gone = service.api_token("mira", &base, "gone", "rw").await;
    service.send("mira", "DELETE", &of_token(&base, "gone")).await.expect_success(200);
    let account = service.person("mira").await.account_token;
    let base_token = service.exchange(&token).await.json()["access_token"].as_str().unwrap().to_owned();
    let temporary = service.temporary_token("mira", &base).await;
    let forged = temporary[..temporary.len() - 8].to_owned() + "AAAAAAAA";
    service.get("", APP_ACCESS_TOKEN).await.expect_forbidden();
    for header in [
        String::new(),
        format!("Basic {token}"),
        token.clone(),
        "Token".to_owned(),
        "Bearer ".to_owned(),
        format!("Token {token} {token}"),
        format!("Token {}", token.to_uppercase()),
        format!("Token {}", &token[..39]),
        format!("Token {token}0"),
        format!("Token {gone}"),
        format!("Token {}", "f".repeat(40)),
        format!("Token {account}"),
        format!("Bearer {base_token}"),
        format!("Token {forged}"),
        format!("Token {}", temporary.trim_end_matches(|c| c != '.')),
        "Token eyJhbGciOiJub25lIn0.e30.".to_owned(),
        format!("Token {}", "x".repeat(7000)),
    ] {
        let answer = service.get_with(&header, APP_ACCESS_TOKEN).await;
        answer.expect_forbidden();
    }
    let twice = service.request("GET", APP_ACCESS_TOKEN).header("authorization", format!("Token {token}"));
    Answer::of(twice.header("authorization", format!("Token {token}"))).await.expect_forbidden();
    service.exchange(&token).await.expect(200);
    service.exchange(&temporary).await.expect(200);
}

/// §8.1, "Trash naming", §10.4.
#[rstest]
#[actix_web::test]
async fn a_base_in_the_trash_is_named_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "rw").await;
    let temporary = service.temporary_token("mira", &base).await;
    let link = service.link("mira", &base, &[]).await;
    service.trash("mira", &base).await;
    let id = base["id"].as_i64().unwrap();
    let text = format!("dtable _(deleted_{id}) Stock Room not found.");
    for answer in [
        service.exchange(&token).await,
        service.exchange(&temporary).await,
        service.exchange_link(&link).await,
    ] {
        answer.expect_msg(404, &text);
    }
    let workspace = base["workspace_id"].as_i64().unwrap();
    for name in ["Stock Room".to_owned(), format!("_(deleted_{id}) Stock Room")] {
        for what in ["access-token/", "temp-api-token/", "api-tokens/", "external-links/"] {
            let answer = service.get("mira", &base_path(workspace, &name, what)).await;
            answer.expect_msg(404, &format!("dtable {name} not found."));
        }
    }
    // The name is free, and whoever takes it gets nothing of the old one.
    let next = service.base("mira", "Stock Room").await;
    service.get("mira", &of(&next, "api-tokens/")).await.expect_json(200, &json!({"api_tokens": []}));
    service.exchange(&token).await.expect_msg(404, &text);
    service.trash("mira", &next).await;
    // Restored, its tokens work again.
    let db = service.db();
    db.write(move |conn| base_token::store::bases::set_trashed(conn, id, None)).await.unwrap();
    assert_eq!(service.exchange(&token).await.expect(200).json()["dtable_uuid"], base["uuid"]);
    service.exchange(&temporary).await.expect(200);
    service.exchange_link(&link).await.expect(200);
}

/// §1: tokens are bound to the base, whatever it is called.
#[rstest]
#[actix_web::test]
async fn tokens_survive_a_new_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "rw").await;
    let temporary = service.temporary_token("mira", &base).await;
    let path = workspace_path(base["workspace_id"].as_i64().unwrap());
    let form = [("name", "Stock Room"), ("new_name", "Stockroom 2")];
    service.form("mira", "PUT", &path, &form).await.expect(200);
    for token in [&token, &temporary] {
        let got = service.exchange(token).await.expect(200).json();
        assert_eq!((&got["dtable_uuid"], &got["dtable_name"]), (&base["uuid"], &json!("Stockroom 2")));
    }
    service.get("mira", &of(&base, "api-tokens/")).await.expect_msg(404, "dtable Stock Room not found.");
}

/// §8.4: addresses are the operator's, and a gateway is told of only where there is one.
#[rstest]
#[actix_web::test]
async fn addresses_come_from_settings(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let settings = json!({
        "server_url": "https://bases.example", "dtable_server": "https://data.example/server",
        "dtable_socket": "https://data.example/", "dtable_db": "https://data.example/db/", "use_api_gateway": true,
    });
    let service = Service::with(backend, settings).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "r").await;
    let link = service.link("mira", &base, &[("token", "spring-fair")]).await;
    // Threat 11: nothing of it comes from a client.
    let request = service.request("GET", APP_ACCESS_TOKEN).header("authorization", format!("Token {token}"));
    let forged = request.header("host", "evil.example").header("x-forwarded-host", "evil.example");
    for answer in [
        Answer::of(forged).await,
        service.get("mira", &of(&base, "access-token/")).await,
        service.exchange_link(&link).await,
    ] {
        let got = answer.expect(200).json();
        assert_eq!(got["dtable_server"], "https://data.example/server/");
        assert_eq!(got["dtable_socket"], "https://data.example/");
        assert_eq!(got["dtable_db"], "https://data.example/db/");
        assert_eq!(got["use_api_gateway"], true);
        // §8.4: names that clients read as seconds.
        for name in ["exp", "expires_in", "expire_in", "ttl", "expires_at"] {
            assert_eq!(got[name], Value::Null);
        }
    }
}

/// §12, class `app`: by base, whoever asks with whatever token of it; by address where no base is known.
#[rstest]
#[actix_web::test]
async fn exchanges_are_counted_by_base(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, json!({"rates": {"app": 3}})).await;
    let (one, other) = (service.base("mira", "One").await, service.base("mira", "Other").await);
    let tokens = [
        service.api_token("mira", &one, "a", "r").await,
        service.api_token("mira", &one, "b", "rw").await,
        service.temporary_token("mira", &one).await,
    ];
    for token in &tokens {
        service.exchange(token).await.expect(200);
        service.advance(10);
    }
    for token in &tokens {
        let refused = service.exchange(token).await;
        refused.expect_detail(429, "Request was throttled. Expected available in 30 seconds.");
        assert_eq!(refused.header("retry-after"), "30");
    }
    let elsewhere = service.api_token("mira", &other, "a", "r").await;
    service.exchange(&elsewhere).await.expect(200);
    // Successful and failed ones count alike, also those of a base in the trash.
    service.trash("mira", &other).await;
    service.exchange(&elsewhere).await.expect(404);
    service.exchange(&elsewhere).await.expect(404);
    service.exchange(&elsewhere).await.expect(429);
    for _ in 0..3 {
        service.exchange(&"0".repeat(40)).await.expect_forbidden();
    }
    service.exchange("x").await.expect(429);
    service.advance(29);
    let refused = service.exchange(&tokens[0]).await;
    refused.expect_detail(429, "Request was throttled. Expected available in 1 second.");
    service.advance(1);
    service.exchange(&tokens[0]).await.expect(200);
    service.exchange(&tokens[0]).await.expect(429);
}
