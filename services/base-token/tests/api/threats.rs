//! Rows of the threat list. Where the others are:
//!
//! | row | test |
//! | --- | --- |
//! | 4 | here for this API's four kinds of token; `tokens` and `auth_claims::base_token` for each alone |
//! | 15 | `matrix`, `openapi`, `domain::access` |
//! | 18 | `exhaustion` |

use identity::audit::Origin;
use rstest::rstest;
use serde_json::{Value, json};

use crate::authentication::ENDPOINTS;
use crate::support::{Answer, Backend, Service, base_path, workspace_path};

/// Threat 9: whoever is locked out is locked out of every operation, however they come.
#[rstest]
#[case::disabled("disabled", 403, "Authentication credentials were not provided.")]
#[case::deleted("deleted", 401, "User inactive or deleted")]
#[case::revoked("revoked", 401, "Invalid token")]
#[actix_web::test]
async fn threat_09_who_is_locked_out_is_locked_out_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] state: &str,
    #[case] status: u16,
    #[case] detail: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    assert_eq!(base["workspace_id"], 1, "the endpoints below are about this base");
    let (id, origin) = (service.person("mira").await.account.id, Origin::default());
    match state {
        "disabled" => service.enable("mira", false).await,
        "deleted" => service.identity.delete_account(id, &origin).await.unwrap(),
        _ => assert!(service.identity.revoke_account_token(id, &origin).await.unwrap()),
    }
    service.until(async || service.get("mira", "/api/v2.1/groups/").await.status == status).await;
    for service in [&service, &service.restarted().await] {
        for (method, path) in ENDPOINTS {
            let answer = service.send("mira", method, path).await;
            if method == "HEAD" {
                assert_eq!(answer.status, status);
            } else {
                answer.expect_detail(status, detail);
            }
        }
    }
}

/// Threat 9: whoever is taken out of a group has lost, at once, every operation that they had through it.
#[rstest]
#[actix_web::test]
async fn threat_09_who_leaves_a_group_has_lost_what_was_its(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(false, true)] admin: bool,
) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    if admin {
        service.promote(group, "noa").await;
    }
    let base = service.group_base("noa", group, "Stock").await;
    let shared = service.base("mira", "Sales").await;
    service.share_with_group("mira", &shared, group, "rw").await;
    let own = base_path(base["workspace_id"].as_i64().unwrap(), "Stock", "");
    let other = base_path(shared["workspace_id"].as_i64().unwrap(), "Sales", "");
    service.get("noa", &format!("{own}temp-api-token/")).await.expect(200);
    service.get("noa", &format!("{other}temp-api-token/")).await.expect(200);
    service.leave(group, "noa").await;
    for path in [own, other] {
        for rest in ["temp-api-token/", "access-token/", "api-tokens/", "share/", "external-links/"] {
            service.get("noa", &format!("{path}{rest}")).await.expect_forbidden();
        }
    }
    let seen = service.get("noa", "/api/v2.1/workspaces/").await.expect(200).body;
    assert!(!seen.contains("Stock") && !seen.contains("Sales"), "{seen}");
}

/// Every kind of token that there is here, of one person and one base.
async fn tokens(service: &Service, base: &Value) -> [(&'static str, String); 5] {
    let at =
        |rest: &str| base_path(base["workspace_id"].as_i64().unwrap(), base["name"].as_str().unwrap(), rest);
    let text = |answer: Answer, member: &str| answer.json()[member].as_str().unwrap().to_owned();
    let form = [("app_name", "sync"), ("permission", "rw")];
    let api_token = service.form("mira", "POST", &at("api-tokens/"), &form).await.expect(201);
    let form = [("app_name", "reader"), ("permission", "r")];
    let reader = text(service.form("mira", "POST", &at("api-tokens/"), &form).await.expect(201), "api_token");
    let request = service.request("GET", "/api/v2.1/dtable/app-access-token/");
    let reading = Answer::of(request.header("authorization", format!("Token {reader}"))).await.expect(200);
    [
        ("account", service.person("mira").await.account_token),
        ("api", text(api_token, "api_token")),
        ("temporary", text(service.get("mira", &at("temp-api-token/")).await.expect(200), "api_token")),
        ("base", text(service.get("mira", &at("access-token/")).await.expect(200), "access_token")),
        ("reading", text(reading, "access_token")),
    ]
}

/// Threat 4: a token is good for its own purpose and for no other: each kind at each kind of endpoint.
#[rstest]
#[actix_web::test]
async fn threat_04_a_token_for_one_purpose_is_none_for_another(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    assert_eq!(base["workspace_id"], 1, "the endpoints below are about this base");
    let exchange = "/api/v2.1/dtable/app-access-token/".to_owned();
    let related = format!("/api/v2.1/dtables/{}/related-users/", base["uuid"].as_str().unwrap());
    for (kind, token) in tokens(&service, &base).await {
        let send = async |method: &str, path: &str| {
            let request = service.request(method, path).header("authorization", format!("Token {token}"));
            Answer::of(request).await
        };
        if kind != "account" {
            for (method, path) in ENDPOINTS {
                let answer = send(method, path).await;
                assert_eq!((kind, method, path, answer.status), (kind, method, path, 401));
                if method != "HEAD" {
                    answer.expect_detail(401, "Invalid token");
                }
            }
        }
        let exchanged = send("GET", &exchange).await;
        match kind {
            "api" | "temporary" => drop(exchanged.expect(200)),
            _ => exchanged.expect_forbidden(),
        }
        let told = send("GET", &related).await;
        match kind {
            "base" | "reading" => drop(told.expect(200)),
            _ => told.expect_forbidden(),
        }
    }
}

/// Threat 4: the tokens of one installation are none of another's, which has other keys.
#[actix_web::test]
async fn threat_04_tokens_of_another_installation_are_none() {
    let (service, other) = (Service::on(Backend::Sqlite).await, Service::on(Backend::Sqlite).await);
    let base = service.base("mira", "Stock").await;
    other.base("mira", "Stock").await;
    let related = format!("/api/v2.1/dtables/{}/related-users/", base["uuid"].as_str().unwrap());
    for (kind, token) in tokens(&service, &base).await {
        let send = async |path: &str| {
            Answer::of(other.request("GET", path).header("authorization", format!("Token {token}"))).await
        };
        assert_eq!(send("/api/v2.1/workspaces/").await.status, 401, "{kind}");
        send("/api/v2.1/dtable/app-access-token/").await.expect_forbidden();
        send(&related).await.expect_forbidden();
    }
}

/// Threat 14: whatever a new base may not be called, no base may be renamed or copied to; the same for how it looks, and for
/// shares that are made and changed.
#[rstest]
#[actix_web::test]
async fn threat_14_a_change_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let workspace = service.base("mira", "changing").await["workspace_id"].as_i64().unwrap();
    let texts = [
        json!(null),
        json!(""),
        json!(" "),
        json!("a/b"),
        json!(".."),
        json!("."),
        json!("a\0"),
        json!(7),
        json!(["a"]),
        json!({}),
        json!(true),
        json!("x".repeat(248)),
        json!("x".repeat(249)),
        json!("é".repeat(124)),
        json!("é".repeat(125)),
        json!("📦"),
        json!("a\nb"),
        json!("_(deleted_1) x"),
    ];
    let path = workspace_path(workspace);
    let mut current = json!("changing");
    for text in &texts {
        let new = json!({ "name": text });
        let made = service.json("mira", "POST", "/api/v2.1/dtables/", &new).await;
        if made.status == 201 {
            service.json("mira", "DELETE", &path, &json!({ "name": text })).await.expect_success(200);
        }
        let change = json!({ "name": current, "new_name": text });
        let changed = service.json("mira", "PUT", &path, &change).await;
        assert_eq!(made.status == 201, changed.status == 200, "{text} {made:?} {changed:?}");
        if changed.status == 200 {
            current = text.clone();
        } else {
            made.expect_msg(400, "name invalid.");
            changed.expect_msg(400, "new_name invalid.");
        }
    }
    let looks = ["color", "text_color", "icon"].into_iter();
    let values =
        [json!("x".repeat(255)), json!("x".repeat(256)), json!("\0"), json!(7), json!(null), json!("")];
    for (number, (member, value)) in
        looks.flat_map(|look| values.iter().map(move |value| (look, value))).enumerate()
    {
        let new = json!({ "name": format!("base {number}"), member: value });
        let made = service.json("mira", "POST", "/api/v2.1/dtables/", &new).await;
        let changed = service.json("mira", "PUT", &path, &json!({ "name": current, member: value })).await;
        assert_eq!(made.status == 201, changed.status == 200, "{member} {value} {made:?} {changed:?}");
        if made.status == 201 {
            assert_eq!(made.json()["table"][member], changed.json()["table"][member]);
        } else {
            assert_eq!(made.body, changed.body);
        }
    }
    let share = base_path(workspace, current.as_str().unwrap(), "share/");
    let email = service.person("noa").await.internal_id;
    for permission in ["r", "rw", "", "RW", "w", "admin", "r ", "read-only"] {
        let terms = [("email", email.as_str()), ("permission", permission)];
        let made = service.form("mira", "POST", &share, &terms).await;
        if made.status != 201 {
            made.expect_msg(400, "permission invalid.");
            service.form("mira", "PUT", &share, &terms).await.expect_msg(400, "permission invalid.");
            continue;
        }
        service.form("mira", "PUT", &share, &terms).await.expect_success(200);
        service.form("mira", "DELETE", &share, &terms).await.expect_success(200);
    }
}

const SQL: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE bases; --",
    "\" OR \"\"=\"",
    "%' OR 1=1 --",
    "') UNION SELECT token_mac FROM api_tokens --",
    "1; DELETE FROM workspaces",
    "\\'; SELECT pg_sleep(10); --",
    "(SELECT sealed FROM api_tokens LIMIT 1)",
];

/// Threat 25: a text is a text wherever it stands: in paths, names, colours, ids and the query.
#[rstest]
#[actix_web::test]
async fn threat_25_nothing_that_is_sent_becomes_part_of_a_statement(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let kept = service.base("noa", "Kept").await;
    let workspace = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    for text in SQL {
        let share = service.get("mira", &base_path(workspace, text, "share/")).await;
        share.expect_msg(404, &format!("dtable {text} not found."));
        let new = json!({ "name": text, "color": text, "icon": text });
        let made = service.json("mira", "POST", "/api/v2.1/dtables/", &new).await;
        if text.contains('/') {
            made.expect_msg(400, "name invalid.");
        } else {
            assert_eq!(made.expect(201).json()["table"]["color"], text);
            service.get("mira", &base_path(workspace, text, "share/")).await.expect(200);
            let back = json!({ "name": text });
            service.json("mira", "DELETE", &workspace_path(workspace), &back).await.expect(200);
        }
        for (member, refused) in [("owner", "owner invalid."), ("workspace_id", "workspace_id invalid.")] {
            let new = json!({ "name": "x", member: text });
            service.json("mira", "POST", "/api/v2.1/dtables/", &new).await.expect_msg(400, refused);
        }
        let share = json!({ "email": text, "permission": "r" });
        let path = base_path(workspace, "Stock", "share/");
        service.json("mira", "POST", &path, &share).await.expect_msg(400, "email invalid.");
        let query: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let list = service.get("mira", &format!("/api/v2.1/workspaces/?detail={query}")).await;
        list.expect_msg(400, "detail invalid.");
        let group =
            service.json("mira", "POST", "/api/v2.1/groups/", &json!({ "name": text })).await.expect(201);
        assert_eq!(group.json()["name"], text);
    }
    let seen = service.workspace("noa", |entry| entry["type"] == "personal").await.unwrap();
    assert_eq!(seen["table_list"][0]["uuid"], kept["uuid"]);
}
