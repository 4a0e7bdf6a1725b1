//! §6: API-Tokens of a base.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path};
use crate::tokens_support::{START_TEXT, of, of_token};

#[rstest]
#[actix_web::test]
async fn the_life_of_an_api_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let path = of(&base, "api-tokens/");
    service.get("mira", &path).await.expect_json(200, &json!({"api_tokens": []}));

    let form = [("app_name", "label printer"), ("permission", "r")];
    let made = service.form("mira", "POST", &path, &form).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let token = made.json()["api_token"].clone();
    let digits = token.as_str().unwrap();
    assert!(digits.len() == 40 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    let expected = json!({
        "app_name": "label printer", "api_token": token, "generated_by": service.person("mira").await.internal_id,
        "generated_at": START_TEXT, "last_access": START_TEXT, "permission": "r",
    });
    made.expect_json(201, &expected);

    service.advance(60);
    service.api_token("mira", &base, "dashboard", "rw").await;
    let names = |list: Vec<Value>| list.iter().map(|one| one["app_name"].clone()).collect::<Vec<_>>();
    let list = service.api_tokens("mira", &base).await;
    assert_eq!(list[0], expected);
    assert_eq!(names(list), ["label printer", "dashboard"]);

    // Nothing but the permission changes.
    let changed =
        service.form("mira", "PUT", &of_token(&base, "label printer"), &[("permission", "rw")]).await;
    let mut after = expected.clone();
    after["permission"] = json!("rw");
    changed.expect_json(200, &after);
    assert_eq!(service.api_tokens("mira", &base).await[0], after);

    service.send("mira", "DELETE", &of_token(&base, "label printer")).await.expect_success(200);
    let again = service.send("mira", "DELETE", &of_token(&base, "label printer")).await;
    again.expect_msg(404, "api token not found.");
    service.exchange(digits).await.expect_forbidden();
    assert_eq!(names(service.api_tokens("mira", &base).await), ["dashboard"]);
    // The name is free again; the token is another one.
    assert_ne!(service.api_token("mira", &base, "label printer", "r").await, digits);
}

/// §2.2: three content types, for every method.
#[rstest]
#[actix_web::test]
async fn parameters_come_in_three_content_types(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("form", "multipart", "json")] kind: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let send = async |method: &str, path: &str, pairs: &[(&str, &str)]| {
        let request = service.request_as("mira", method, path).await;
        let request = match kind {
            "form" => request.form(pairs),
            "json" => request.json(&pairs.iter().copied().collect::<std::collections::BTreeMap<_, _>>()),
            _ => {
                let part = |(name, value): &(&str, &str)| {
                    format!("--x7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                };
                let body: String = pairs.iter().map(part).collect();
                request
                    .header("content-type", "multipart/form-data; boundary=x7")
                    .body(format!("{body}--x7--\r\n"))
            }
        };
        Answer::of(request).await
    };
    // What is not known is passed over, and so is the query.
    let pairs = [("app_name", "Étiquettes"), ("permission", "r"), ("colour", "red")];
    let made = send("POST", &of(&base, "api-tokens/?permission=rw&app_name=x"), &pairs).await.expect(201);
    assert_eq!(
        (made.json()["app_name"].as_str(), made.json()["permission"].as_str()),
        (Some("Étiquettes"), Some("r"))
    );
    let pairs = [("permission", "rw"), ("app_name", "another")];
    let changed = send("PUT", &of_token(&base, "Étiquettes"), &pairs).await.expect(200);
    assert_eq!(changed.json()["app_name"], "Étiquettes");
    send("DELETE", &of_token(&base, "Étiquettes"), &pairs).await.expect_success(200);
}

/// §6.2: of several faults the first of the table is told. Each row has all the faults of the rows after it.
#[rstest]
#[actix_web::test]
async fn creating_is_refused_in_the_order_of_the_table(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    service.api_token("mira", &base, "taken", "r").await;
    let own = base["workspace_id"].as_i64().unwrap();
    let (nowhere, elsewhere, here) = (
        base_path(99_999, "Stock Room", "api-tokens/"),
        base_path(own, "Cellar", "api-tokens/"),
        of(&base, "api-tokens/"),
    );
    let send = async |who: &str, path: &str, body: Value| service.json(who, "POST", path, &body).await;

    for app_name in [json!(""), json!(null), json!(7), json!(["a"]), json!({}), json!(true)] {
        let refused = send("noa", &nowhere, json!({"app_name": app_name, "permission": "w"})).await;
        refused.expect_msg(400, "app_name invalid.");
    }
    send("noa", &nowhere, json!({})).await.expect_msg(400, "app_name invalid.");
    for permission in ["", "RW", "w", "admin", " r", "r\n"] {
        let refused = send("noa", &nowhere, json!({"app_name": "taken", "permission": permission})).await;
        refused.expect_msg(400, "permission invalid.");
    }
    let good = json!({"app_name": "taken", "permission": "r"});
    send("noa", &nowhere, json!({"app_name": "taken"})).await.expect_msg(400, "permission invalid.");
    send("noa", &nowhere, good.clone()).await.expect_msg(404, "Workspace 99999 not found.");
    send("noa", &elsewhere, good.clone()).await.expect_msg(404, "dtable Cellar not found.");
    send("noa", &here, good.clone()).await.expect_forbidden();
    send("mira", &here, good).await.expect_msg(400, "api token already exist.");
    // Nothing of this has made anything.
    assert_eq!(service.api_tokens("mira", &base).await.len(), 1);
}

/// §6.3 and §6.4.
#[rstest]
#[actix_web::test]
async fn changing_and_deleting_are_refused_in_the_order_of_the_table(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    service.api_token("mira", &base, "app", "rw").await;
    let own = base["workspace_id"].as_i64().unwrap();
    let nowhere = base_path(99_999, "Stock Room", "api-tokens/none/");
    let elsewhere = base_path(own, "Cellar", "api-tokens/none/");
    let none = of_token(&base, "none");
    let put = async |who: &str, path: &str, permission: &str| {
        service.form(who, "PUT", path, &[("permission", permission)]).await
    };
    for permission in ["", "RW", "admin"] {
        put("noa", &nowhere, permission).await.expect_msg(400, "permission invalid.");
    }
    service.send("noa", "PUT", &nowhere).await.expect_msg(400, "permission invalid.");
    put("noa", &nowhere, "rw").await.expect_msg(404, "Workspace 99999 not found.");
    put("noa", &elsewhere, "rw").await.expect_msg(404, "dtable Cellar not found.");
    put("noa", &none, "rw").await.expect_forbidden();
    put("mira", &none, "rw").await.expect_msg(404, "api token not found.");
    put("mira", &of_token(&base, "app"), "rw").await.expect_msg(400, "api token already has rw permission.");
    put("mira", &of_token(&base, "app"), "r").await.expect(200);
    put("mira", &of_token(&base, "app"), "r").await.expect_msg(400, "api token already has r permission.");

    service.send("noa", "DELETE", &nowhere).await.expect_msg(404, "Workspace 99999 not found.");
    service.send("noa", "DELETE", &elsewhere).await.expect_msg(404, "dtable Cellar not found.");
    service.send("noa", "DELETE", &none).await.expect_forbidden();
    service.send("mira", "DELETE", &none).await.expect_msg(404, "api token not found.");
    service.send("noa", "GET", &base_path(99_999, "x", "api-tokens/")).await.expect(404);
    service.send("noa", "GET", &of(&base, "api-tokens/")).await.expect_forbidden();
}

/// §2.1, §6.2: a name is kept as it is, and found by its encoded form.
#[rstest]
#[actix_web::test]
async fn names_may_hold_anything(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "label printer",
        " outer blanks ",
        "a/b",
        "/",
        "a//b/",
        "+",
        "a+b c",
        "#",
        "?",
        "a?b=c&d",
        "%2F",
        "%",
        "100%25",
        "📦 emoji 🚚",
        "é",
        "e\u{301}",
        "\u{1}",
        "line\nbreak",
        "tab\t",
        "'; DROP TABLE api_tokens; --",
        "\\",
        "\"",
        "ünïcödé",
        "日本語",
        "api-tokens",
        "<script>"
    )]
    name: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, name, "r").await;
    service.api_token("mira", &base, "bystander", "r").await;
    assert_eq!(service.api_tokens("mira", &base).await[0]["app_name"], name);
    let path = of_token(&base, name);
    let changed = service.form("mira", "PUT", &path, &[("permission", "rw")]).await.expect(200);
    assert_eq!(changed.json()["app_name"], name);
    assert_eq!(service.exchange(&token).await.expect(200).json()["app_name"], name);
    service.send("mira", "DELETE", &path).await.expect_success(200);
    let left = service.api_tokens("mira", &base).await;
    assert_eq!((left.len(), left[0]["app_name"].as_str()), (1, Some("bystander")));
}

/// §6.2: how long a name may be, and what PostgreSQL cannot hold.
#[rstest]
#[actix_web::test]
async fn names_that_are_none(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let path = of(&base, "api-tokens/");
    let longest = "📦".repeat(255);
    service.api_token("mira", &base, &longest, "r").await;
    service.form("mira", "PUT", &of_token(&base, &longest), &[("permission", "rw")]).await.expect(200);
    for name in [&"x".repeat(256), &"é".repeat(300), "a\0b", "\0"] {
        let refused =
            service.json("mira", "POST", &path, &json!({"app_name": name, "permission": "r"})).await;
        refused.expect_msg(400, "app_name invalid.");
        service.send("mira", "DELETE", &of_token(&base, name)).await.expect_msg(404, "api token not found.");
        let change = service.form("mira", "PUT", &of_token(&base, name), &[("permission", "r")]).await;
        change.expect_msg(404, "api token not found.");
    }
    // What is no UTF-8 names nothing.
    let path = of(&base, "api-tokens/%ff/");
    service.send("mira", "DELETE", &path).await.expect_msg(404, "api token not found.");
    // Upper and lower case are two.
    service.api_token("mira", &base, "app", "r").await;
    service.api_token("mira", &base, "App", "r").await;
    service.send("mira", "DELETE", &of_token(&base, "aPP")).await.expect_msg(404, "api token not found.");
}

/// §2.1: names of bases in paths, exact.
#[rstest]
#[actix_web::test]
async fn bases_are_found_by_their_exact_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "Stock Room",
        "a+b",
        "#1",
        "what?",
        "50%",
        "%41",
        "📦",
        "é",
        "Caf\u{65}\u{301}",
        "'",
        "api-tokens"
    )]
    name: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", name).await;
    let token = service.api_token("mira", &base, "app", "r").await;
    assert_eq!(service.exchange(&token).await.expect(200).json()["dtable_name"], name);
    service.get("mira", &of(&base, "access-token/")).await.expect(200);
    let workspace = base["workspace_id"].as_i64().unwrap();
    for other in [format!("{name} "), format!("{name}/"), name.to_uppercase() + "x", "x".repeat(300)] {
        let answer = service.get("mira", &base_path(workspace, &other, "access-token/")).await;
        answer.expect_msg(404, &format!("dtable {other} not found."));
    }
    let answer = service.get("mira", &base_path(workspace, "\0", "access-token/")).await;
    answer.expect_msg(404, "dtable \0 not found.");
}

/// §6: names are unique in a base, not beyond it; of several at the same time one is made.
#[rstest]
#[actix_web::test]
async fn a_name_is_used_once_in_a_base(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (one, other) = (service.base("mira", "One").await, service.base("mira", "Other").await);
    service.api_token("mira", &one, "app", "r").await;
    service.api_token("mira", &other, "app", "r").await;
    let path = of(&one, "api-tokens/");
    let form = [("app_name", "wanted"), ("permission", "rw")];
    let tries = (0..16).map(|_| service.form("mira", "POST", &path, &form));
    let answers = futures_util::future::join_all(tries).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 15));
    for answer in refused {
        answer.expect_msg(400, "api token already exist.");
    }
    assert_eq!(service.api_tokens("mira", &one).await.len(), 2);
}

/// §6, `last_access`: what moves it and what does not.
#[rstest]
#[actix_web::test]
async fn last_access_is_the_last_exchange(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "r").await;
    let last = async |service: &Service| service.api_tokens("mira", &base).await[0]["last_access"].clone();
    service.advance(10);
    let changed = service.form("mira", "PUT", &of_token(&base, "app"), &[("permission", "rw")]).await;
    assert_eq!(changed.json()["last_access"], START_TEXT);
    service.exchange(&"0".repeat(40)).await.expect_forbidden();
    assert_eq!(last(&service).await, START_TEXT);

    service.exchange(&token).await.expect(200);
    assert_eq!(last(&service).await, "2027-01-15T08:00:10+00:00");
    service.advance(3600);
    let changed = service.form("mira", "PUT", &of_token(&base, "app"), &[("permission", "r")]).await;
    assert_eq!(changed.json()["last_access"], "2027-01-15T08:00:10+00:00");
    service.exchange(&token).await.expect(200);
    assert_eq!(last(&service).await, "2027-01-15T09:00:10+00:00");
    // An exchange that fails leaves it.
    service.trash("mira", &base).await;
    service.advance(5);
    service.exchange(&token).await.expect(404);
    let db = service.db();
    let id = base["id"].as_i64().unwrap();
    db.write(move |conn| base_token::store::bases::set_trashed(conn, id, None)).await.unwrap();
    assert_eq!(last(&service).await, "2027-01-15T09:00:10+00:00");
    // What is in memory only is written at the end.
    service.bases.shutdown().await;
    assert_eq!(last(&service.restarted().await).await, "2027-01-15T09:00:10+00:00");
}

/// §3: a token goes on when whoever made it may not any more, or is gone.
#[rstest]
#[actix_web::test]
async fn a_token_outlives_its_maker(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    service.promote(group, "noa").await;
    let base = service.group_base("mira", group, "Stock Room").await;
    let token = service.api_token("noa", &base, "app", "rw").await;
    service.leave(group, "noa").await;
    service.get("noa", &of(&base, "api-tokens/")).await.expect_forbidden();
    service.enable("noa", false).await;
    service.exchange(&token).await.expect(200);
    let list = service.api_tokens("mira", &base).await;
    assert_eq!(list[0]["generated_by"], service.person("noa").await.internal_id);
}
