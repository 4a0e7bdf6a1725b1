//! §10: external links, and §8.3: their exchange.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, base_path};
use crate::tokens_support::{START, claims, encode, of, with_keys};

fn link(token: &str, is_custom: bool, is_expired: bool, expire_date: &str) -> Value {
    let part = if is_custom { "custom/" } else { "" };
    json!({
        "url": format!("https://tables.example.org/dtable/external-links/{part}{token}/"), "token": token,
        "is_custom": is_custom, "permission": "read-only", "is_expired": is_expired, "expire_date": expire_date,
    })
}

#[rstest]
#[actix_web::test]
async fn the_life_of_a_link(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let path = of(&base, "external-links/");
    service.get("mira", &path).await.expect_json(200, &json!({"links": []}));
    // §10.2: 200, not 201.
    let made = service.send("mira", "POST", &path).await.expect(200);
    let plain = made.json()["token"].as_str().unwrap().to_owned();
    assert!(plain.len() == 20 && plain.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    made.expect_json(200, &link(&plain, false, false, ""));
    let form = [("token", "spring-fair"), ("expire_days", "30")];
    let custom = link("spring-fair", true, false, "2027-02-14T08:00:00+00:00");
    service.form("mira", "POST", &path, &form).await.expect_json(200, &custom);
    let json = json!({"token": "", "password": "", "expire_days": ""});
    let third = service.json("mira", "POST", &path, &json).await.expect(200).json();
    assert_eq!((&third["is_custom"], &third["expire_date"]), (&json!(false), &json!("")));
    let null = json!({"token": null, "password": null, "expire_days": null});
    let fourth = service.json("mira", "POST", &path, &null).await.expect(200).json();

    // The newest first.
    let all = json!({"links": [fourth, third, custom, link(&plain, false, false, "")]});
    service.get("mira", &path).await.expect_json(200, &all);
    service.advance(30 * 86_400);
    let list = service.get("mira", &path).await.json();
    assert_eq!(list["links"][2], link("spring-fair", true, true, "2027-02-14T08:00:00+00:00"));

    let gone = of(&base, "external-links/spring-fair/");
    service.send("mira", "DELETE", &gone).await.expect_success(200);
    service.send("mira", "DELETE", &gone).await.expect_msg(404, "External link not found.");
    service.exchange_link("spring-fair").await.expect_msg(404, "External link not found.");
    // The token is free again, for a link of whatever base.
    let other = service.base("noa", "Other").await;
    service.link("noa", &other, &[("token", "spring-fair")]).await;
}

/// §8.3: anybody, read-only, whatever `Authorization` says.
#[rstest]
#[actix_web::test]
async fn a_link_is_exchanged_for_reading(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let plain = service.link("mira", &base, &[]).await;
    let custom = service.link("mira", &base, &[("token", "Spring-Fair-1"), ("expire_days", "1")]).await;
    for token in [&plain, &custom] {
        let path = format!("/api/v2.1/external-link-tokens/{token}/access-token/");
        let answers = [
            service.get("", &path).await,
            service.get("noa", &path).await,
            service.get_with("Token x y z", &path).await,
            service.get_with("Basic eDp5", &path).await,
        ];
        for answer in answers {
            let access_token = answer.json()["access_token"].clone();
            let body = json!({
                "access_token": access_token, "dtable_uuid": base["uuid"],
                "dtable_server": "https://tables.example.org/dtable-server/",
                "dtable_socket": "https://tables.example.org/",
                "dtable_db": "https://tables.example.org/dtable-db/",
                "workspace_id": base["workspace_id"], "dtable_name": "Stock Room",
            });
            answer.expect_json(200, &body);
            assert_eq!(answer.header("cache-control"), "no-store");
            let uuid = base["uuid"].as_str().unwrap();
            let ends = START + 259_200;
            let signed = format!(r#"{{"exp":{ends},"dtable_uuid":"{uuid}","username":"","permission":"r"}}"#);
            assert_eq!(claims(&access_token), signed);
        }
    }
    // §2.1: exact; §8.3: without `custom/`.
    service.exchange_link("spring-fair-1").await.expect_msg(404, "External link not found.");
    service.get("", "/api/v2.1/external-link-tokens/custom/Spring-Fair-1/access-token/").await.expect(404);
}

/// §10.4, row by row. Nothing is told of the base of a link that gives nothing.
#[rstest]
#[actix_web::test]
async fn links_that_give_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let ends = service.link("mira", &base, &[("token", "for-a-day"), ("expire_days", "1")]).await;
    let form = [("token", "protected"), ("password", "k3ttle-Drum")];
    let made = service.form("mira", "POST", &of(&base, "external-links/"), &form).await;
    made.expect_json(200, &link("protected", true, false, ""));
    let plain = service.link("mira", &base, &[]).await;

    service.exchange_link(&ends).await.expect(200);
    service.advance(86_399);
    service.exchange_link(&ends).await.expect(200);
    service.advance(1);
    service.exchange_link(&ends).await.expect_forbidden();
    service.exchange_link("protected").await.expect_forbidden();
    // There is no way to give the password.
    let path = "/api/v2.1/external-link-tokens/protected/access-token/?password=k3ttle-Drum";
    service.get("", path).await.expect_forbidden();
    for unknown in ["a", "unknown", "📦", "'; --", "a/b", "\0", &"x".repeat(300), &plain.to_uppercase()] {
        service.exchange_link(unknown).await.expect_msg(404, "External link not found.");
    }
    let path = "/api/v2.1/external-link-tokens/%ff/access-token/";
    service.get("", path).await.expect_msg(404, "External link not found.");
    service.trash("mira", &base).await;
    service.exchange_link("protected").await.expect_forbidden();
    service.exchange_link(&ends).await.expect_forbidden();
    service.exchange_link(&plain).await.expect(404);
}

/// A password is kept as a hash of its own, and never told.
#[rstest]
#[actix_web::test]
async fn passwords_are_hashed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use diesel::prelude::*;
    use diesel::sql_types::{Nullable, Text};

    #[derive(QueryableByName)]
    struct Hash {
        #[diesel(sql_type = Nullable<Text>)]
        password_hash: Option<String>,
    }

    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    for _ in 0..2 {
        service.link("mira", &base, &[("password", "k3ttle-Drum")]).await;
    }
    let list = service.get("mira", &of(&base, "external-links/")).await;
    assert!(!list.body.contains("password") && !list.body.contains("k3ttle"), "{list:?}");
    let db = service.db();
    let hashes = db.read(|conn| {
        let query = diesel::sql_query("SELECT password_hash FROM external_links ORDER BY id");
        Ok::<_, store::StoreError>(store::on_backend!(conn, |c| query.load::<Hash>(c))?)
    });
    let hashes: Vec<String> = hashes.await.unwrap().into_iter().filter_map(|row| row.password_hash).collect();
    assert!(hashes.len() == 2 && hashes[0] != hashes[1]);
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$")), "{hashes:?}");
}

/// §10.2, and §4.1 for the order: arguments, look-up, permission, conflict.
#[rstest]
#[actix_web::test]
async fn creating_is_refused_in_order(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (base, other) = (service.base("mira", "Stock Room").await, service.base("noa", "Other").await);
    service.link("noa", &other, &[("token", "taken")]).await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let nowhere = base_path(99_999, "Stock Room", "external-links/");
    let elsewhere = base_path(workspace, "Cellar", "external-links/");
    let here = of(&base, "external-links/");
    let send = async |who: &str, path: &str, body: Value| service.json(who, "POST", path, &body).await;
    let long = "x".repeat(31);
    for token in [
        json!("abcd"),
        json!(long),
        json!("under_score"),
        json!("a b c"),
        json!("spring/fair"),
        json!("ünïcödé"),
        json!("line\n"),
        json!(" taken"),
        json!("\0\0\0\0\0"),
        json!(12345),
        json!(["taken"]),
        json!(true),
    ] {
        let refused = send("ada", &nowhere, json!({"token": token, "expire_days": 0})).await;
        refused.expect_msg(400, "token invalid.");
    }
    for days in [
        json!(0),
        json!(-1),
        json!("0"),
        json!("x"),
        json!(1.5),
        json!("1.5"),
        json!(true),
        json!([1]),
        json!(36_501),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("99999999999999999999"),
    ] {
        let refused = send("ada", &nowhere, json!({"token": "taken", "expire_days": days})).await;
        refused.expect_msg(400, "expire_days invalid.");
    }
    for password in [json!(true), json!(["x"]), json!({}), json!("x".repeat(4097))] {
        let refused = send("ada", &nowhere, json!({"token": "taken", "password": password})).await;
        refused.expect_msg(400, "password invalid.");
    }
    let taken = json!({"token": "taken", "expire_days": "30"});
    send("ada", &nowhere, taken.clone()).await.expect_msg(404, "Workspace 99999 not found.");
    send("ada", &elsewhere, taken.clone()).await.expect_msg(404, "dtable Cellar not found.");
    send("ada", &here, taken.clone()).await.expect_forbidden();
    send("mira", &here, taken).await.expect_msg(400, "token already exist.");
    service.get("mira", &here).await.expect_json(200, &json!({"links": []}));

    let delete = async |who: &str, path: &str| service.send(who, "DELETE", path).await;
    delete("ada", &base_path(99_999, "x", "external-links/nope/"))
        .await
        .expect_msg(404, "Workspace 99999 not found.");
    delete("ada", &base_path(workspace, "Cellar", "external-links/nope/"))
        .await
        .expect_msg(404, "dtable Cellar not found.");
    delete("ada", &of(&base, "external-links/nope/")).await.expect_forbidden();
    for token in ["nope", "taken", "a b", "%00", "📦"] {
        let path = of(&base, &format!("external-links/{}/", encode(token)));
        delete("mira", &path).await.expect_msg(404, "External link not found.");
    }
    // The other base's link is as it was.
    service.exchange_link("taken").await.expect(200);
}

/// §10.2: a hundred, also when several are made at once; a taken token is told first.
#[rstest]
#[actix_web::test]
async fn a_base_has_a_hundred_links(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let path = of(&base, "external-links/");
    service.link("mira", &base, &[("token", "taken")]).await;
    for _ in 1..95 {
        service.link("mira", &base, &[]).await;
    }
    let answers = join_all((0..12).map(|_| service.send("mira", "POST", &path))).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 5);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_msg(400, "External links quota exceeded.");
    }
    let form = [("token", "taken")];
    service.form("mira", "POST", &path, &form).await.expect_msg(400, "token already exist.");
    service.send("mira", "DELETE", &of(&base, "external-links/taken/")).await.expect_success(200);
    service.form("mira", "POST", &path, &form).await.expect(200);
    let list = service.get("mira", &path).await.json();
    assert_eq!(list["links"].as_array().unwrap().len(), 100);
}

/// Of several bases that want the same token at once one gets it.
#[rstest]
#[actix_web::test]
async fn a_token_is_used_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let mut paths = Vec::new();
    for number in 0..8 {
        paths.push(of(&service.base("mira", &format!("Base {number}")).await, "external-links/"));
    }
    let form = [("token", "spring-fair")];
    let answers = join_all(paths.iter().map(|path| service.form("mira", "POST", path, &form))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_msg(400, "token already exist.");
    }
}

/// Threat 10, §10.4: tokens that people choose are words, and nobody tries out a dictionary; nor does whoever asks for links
/// that are there get more. Accounts go on.
#[rstest]
#[actix_web::test]
async fn threat_10_tokens_of_links_are_not_tried_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, json!({"rates": {"link": 3, "window": "1m"}})).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.link("mira", &base, &[("token", "spring-fair")]).await;
    service.exchange_link(&token).await.expect(200);
    service.advance(20);
    service.exchange_link("autumn-fair").await.expect(404);
    service.exchange_link("no token").await.expect(404);
    for guess in ["winter-fair", &token, "no token"] {
        let refused = service.exchange_link(guess).await;
        refused.expect_detail(429, "Request was throttled. Expected available in 40 seconds.");
        assert_eq!(refused.header("retry-after"), "40");
    }
    service.get("mira", &of(&base, "access-token/")).await.expect(200);
    service.advance(40);
    service.exchange_link(&token).await.expect(200);
    service.exchange_link(&token).await.expect(429);
}
