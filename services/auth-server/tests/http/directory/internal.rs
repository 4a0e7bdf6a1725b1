//! `/internal/directory` as HTTP: who is let in, and what is refused.

use identity::clients::ClientKind;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{World, id, registrar};
use crate::harness::{Answer, BASIC, Backend, basic, scopes, send};

/// Every route, with a request that would do something.
fn routes(world: &World, number: i64) -> [(Method, String, Option<Value>); 6] {
    let (root, ada) = ("/internal/directory", id(&world.ada));
    [
        (Method::POST, format!("{root}/people"), Some(json!({ "ids": [ada] }))),
        (Method::GET, format!("{root}/people/{ada}/groups"), None),
        (Method::GET, format!("{root}/groups/{number}"), None),
        (Method::GET, format!("{root}/groups/{number}/members"), None),
        (Method::POST, format!("{root}/groups"), Some(json!({ "name": "Second", "owner": ada }))),
        (Method::DELETE, format!("{root}/groups/{number}?by={ada}"), None),
    ]
}

async fn ask(world: &World, token: Option<&str>, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let mut request = world.app.request(method, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    send(request).await
}

async fn group(world: &World, token: &str) -> i64 {
    let body = json!({ "name": "Night", "owner": id(&world.ada) });
    let made = ask(world, Some(token), Method::POST, "/internal/directory/groups", Some(&body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["number"].as_i64().expect("a number")
}

/// Threat 15: no user's token, no other audience, no other scope, on any route; and nothing is done then.
#[rstest]
#[actix_web::test]
async fn threat_15_only_a_service_with_the_scope_is_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let app = &world.app;
    let own = app.own_token(&world.bases).await;
    let number = group(&world, &own).await;
    let narrow = app
        .client("narrow", ClientKind::Service, |r| {
            registrar(r);
            r.default_scopes = scopes("internal:revocations");
        })
        .await;
    let elsewhere = app
        .client("elsewhere", ClientKind::Service, |r| {
            registrar(r);
            r.audiences = vec!["rooms".to_owned()];
        })
        .await;
    let exchanger = app
        .client("exchanger", ClientKind::Service, |r| {
            registrar(r);
            r.grants.push(identity::clients::GrantType::TokenExchange);
        })
        .await;
    let persons = app.exchange(&exchanger, BASIC, &basic(&world.ada), &[]).await.access_token();
    let (narrow, elsewhere) = (app.own_token(&narrow).await, app.own_token(&elsewhere).await);
    for (method, path, body) in routes(&world, number) {
        for (token, status, error) in [
            (None, 401, "invalid_request"),
            (Some("garbage"), 401, "invalid_token"),
            (Some(elsewhere.as_str()), 401, "invalid_token"),
            (Some(narrow.as_str()), 403, "insufficient_scope"),
            (Some(persons.as_str()), 403, "insufficient_scope"),
        ] {
            let answer = ask(&world, token, method.clone(), &path, body.as_ref()).await;
            assert_eq!(
                (answer.status, answer.error().as_str()),
                (status, error),
                "{method} {path} {token:?}"
            );
            assert_eq!(answer.header("cache-control"), "no-store");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer"), "{challenge}");
            assert_eq!(challenge.contains("internal:directory"), status == 403, "{challenge}");
        }
    }
    app.enable_client("bases", false).await;
    for (method, path, body) in routes(&world, number) {
        let answer = ask(&world, Some(&own), method, &path, body.as_ref()).await;
        assert_eq!((answer.status, answer.error().as_str()), (401, "invalid_token"), "{path}");
    }
    app.enable_client("bases", true).await;
    assert_eq!(app.audit("group.create").await.len(), 1);
    assert!(app.audit("group.delete").await.is_empty());
}

#[rstest]
#[actix_web::test]
async fn every_route_answers(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let own = world.app.own_token(&world.bases).await;
    let number = group(&world, &own).await;
    for ((method, path, body), status) in
        routes(&world, number).into_iter().zip([200, 200, 200, 200, 201, 204])
    {
        let answer = ask(&world, Some(&own), method.clone(), &path, body.as_ref()).await;
        assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{method} {path}");
        if status != 204 {
            assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
        }
    }
    for (method, path, _) in routes(&world, number) {
        if path.contains("/groups/") {
            let answer = ask(&world, Some(&own), method, &path, None).await;
            assert_eq!((answer.status, answer.error().as_str()), (404, "not_found"), "{path}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn what_is_malformed_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let own = world.app.own_token(&world.bases).await;
    let number = group(&world, &own).await;
    let root = "/internal/directory";
    let get = async |path: &str| ask(&world, Some(&own), Method::GET, &format!("{root}{path}"), None).await;
    for path in
        ["/groups/x", "/groups/1.5", "/groups/9223372036854775808", "/groups/%20", "/groups/x/members"]
    {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{path}");
    }
    for person in ["ada", "..%2Fgroups", "%00", "%FF", "a%2Fb"] {
        let answer = get(&format!("/people/{person}/groups")).await;
        assert!(
            matches!((answer.status, answer.text.as_str()), (200, "[]") | (404, _)),
            "{person}: {answer:?}"
        );
    }
    for query in ["", "?", "?on=me", "?by=a&by=b"] {
        let answer =
            ask(&world, Some(&own), Method::DELETE, &format!("{root}/groups/{number}{query}"), None).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{query}");
    }
    let refused = ask(&world, Some(&own), Method::DELETE, &format!("{root}/groups/{number}?by="), None).await;
    assert_eq!((refused.status, refused.error().as_str()), (409, "conflict"));
}

#[rstest]
#[actix_web::test]
async fn bodies_are_json_objects_of_a_bounded_size(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let own = world.app.own_token(&world.bases).await;
    let post = async |path: &str, content_type: &str, body: String| {
        let request = world.app.request(Method::POST, &format!("/internal/directory/{path}"));
        send(request.bearer_auth(&own).header("content-type", content_type).body(body)).await
    };
    let ada = id(&world.ada);
    for (path, bodies) in [
        (
            "people",
            [
                String::new(),
                "[]".to_owned(),
                "{}".to_owned(),
                "{\"ids\":\"a\"}".to_owned(),
                "{\"ids\":[1]}".to_owned(),
                "{\"ids\":[],\"more\":1}".to_owned(),
            ],
        ),
        (
            "groups",
            [
                "null".to_owned(),
                "{\"name\":\"a\"}".to_owned(),
                format!("{{\"name\":null,\"owner\":\"{ada}\"}}"),
                format!("{{\"name\":[\"a\"],\"owner\":\"{ada}\"}}"),
                format!("{{\"id\":\"admin\",\"name\":\"a\",\"owner\":\"{ada}\"}}"),
                format!("{{\"name\":\"\\ud800\",\"owner\":\"{ada}\"}}"),
            ],
        ),
    ] {
        for body in bodies {
            let answer = post(path, "application/json", body.clone()).await;
            assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{body}");
        }
        let answer = post(path, "text/plain", "{}".to_owned()).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"));
        let large = format!("{{\"ids\":[\"{}\"]}}", "x".repeat(70_000));
        let answer = post(path, "application/json", large).await;
        assert_eq!((answer.status, answer.error().as_str()), (413, "invalid_request"));
    }
    let many = json!({ "ids": vec!["a"; 501] }).to_string();
    let answer = post("people", "application/json; charset=utf-8", many).await;
    assert_eq!((answer.status, answer.error().as_str()), (409, "conflict"));
    assert!(world.app.audit("group.create").await.is_empty());
}

#[rstest]
#[actix_web::test]
async fn other_methods_are_not_allowed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let own = world.app.own_token(&world.bases).await;
    for (method, path) in [
        (Method::GET, "people"),
        (Method::PUT, "groups"),
        (Method::GET, "groups"),
        (Method::PATCH, "groups/1"),
        (Method::POST, "groups/1/members"),
        (Method::DELETE, "people/a/groups"),
    ] {
        let answer = ask(&world, Some(&own), method, &format!("/internal/directory/{path}"), None).await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(!answer.header("allow").is_empty(), "{path}");
    }
}
