//! `contracts/oauth2.md` §1: the public documents; and the keys behind them.

use std::time::Duration;

use auth_claims::keys::Algorithm;
use chrono::TimeDelta;
use identity::audit::Origin;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use token_signing::{ManualRotation, RotationPolicy};

use crate::harness::{Answer, Backend, ISSUER, Spawned, part, send};

const JWKS: &str = "/.well-known/jwks.json";
const METADATA: &str = "/.well-known/oauth-authorization-server";

fn kids(answer: &Answer) -> Vec<String> {
    let document = answer.json();
    let keys = document["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

fn kid_of(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a kid").to_owned()
}

#[rstest]
#[actix_web::test]
async fn the_metadata_list_what_works(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let answer = app.get(METADATA).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let expected = json!({
        "issuer": ISSUER,
        "token_endpoint": "https://id.example/oauth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "jwks_uri": "https://id.example/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported":
            ["client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "introspection_endpoint": "https://id.example/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint": "https://id.example/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "access_token_signing_alg_values_supported": ["ES256", "EdDSA", "RS256"],
    });
    assert_eq!(answer.json(), expected);
}

/// Every endpoint that is listed is there, and what is not there is not listed.
#[actix_web::test]
async fn nothing_is_published_that_is_not_there() {
    let app = Spawned::on(Backend::Sqlite).await;
    let document: Value = app.get(METADATA).await.json();
    for (name, value) in document.as_object().expect("an object") {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = value.as_str().and_then(|url| url.strip_prefix(ISSUER)).expect("a URL of the issuer");
            assert_ne!(app.get(path).await.status, 404, "{name}");
        }
    }
    for path in ["/oauth/authorize", "/oauth/userinfo", "/.well-known/openid-configuration"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
}

/// Threat 11: no header of a request gets into a document.
#[rstest]
#[case("host", "evil.example")]
#[case("forwarded", "host=evil.example;proto=http")]
#[case("x-forwarded-host", "evil.example")]
#[case("x-forwarded-proto", "gopher")]
#[case("x-forwarded-prefix", "/evil")]
#[case("x-original-url", "/evil")]
#[actix_web::test]
async fn threat_11_the_issuer_comes_from_the_settings(#[case] name: &str, #[case] value: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let usual = app.get(METADATA).await;
    let forged = send(app.request(Method::GET, METADATA).header(name, value)).await;
    assert_eq!(forged.text, usual.text);
    let client = app.service("booking").await;
    let request = app.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    let answer = send(request.header(name, value).form(&[("grant_type", "client_credentials")])).await;
    assert_eq!(answer.claims().iss, ISSUER);
}

#[rstest]
#[actix_web::test]
async fn the_key_set_holds_public_keys_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let app = Spawned::with(backend, |settings| settings.signing.algorithm = algorithm).await;
    let answer = app.get(JWKS).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document = answer.json();
    let key = document["keys"][0].as_object().expect("a key");
    assert_eq!((&key["alg"], &key["use"]), (&algorithm.as_str().into(), &"sig".into()));
    for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
        assert!(!key.contains_key(private), "{private}");
    }
    let client = app.service("booking").await;
    let token = app.own_token(&client).await;
    assert_eq!(
        (part(&token, 0)["alg"].as_str(), kid_of(&token)),
        (Some(algorithm.as_str()), kids(&answer).remove(0))
    );
    assert_eq!(app.introspect(&client, &token).await["active"], true);
}

#[rstest]
#[actix_web::test]
async fn documents_are_cached_by_their_tag(#[values(JWKS, METADATA)] path: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let answer = app.get(path).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for (known, status) in [(tag.clone(), 304), (format!("W/{tag}"), 304), ("\"other\"".to_owned(), 200)] {
        let again = send(app.request(Method::GET, path).header("if-none-match", known)).await;
        assert_eq!((again.status, again.header("etag")), (status, tag.as_str()));
        assert_eq!(again.header("cache-control"), "public, max-age=300");
        assert_eq!(again.text.is_empty(), status == 304);
    }
    let head = send(app.request(Method::HEAD, path)).await;
    assert_eq!((head.status, head.header("etag"), head.text.as_str()), (200, tag.as_str(), ""));
    let other = send(app.request(Method::POST, path)).await;
    assert_eq!((other.status, other.header("allow")), (405, "GET, HEAD"));
}

#[rstest]
#[actix_web::test]
async fn a_key_is_published_before_it_signs_and_after(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| {
        settings.signing.interval = Duration::from_hours(24);
        settings.signing.publish_lead = Duration::from_hours(1);
    })
    .await;
    let client = app.service("booking").await;
    let (first, tag) = (app.own_token(&client).await, app.get(JWKS).await.header("etag").to_owned());
    let first_key = kid_of(&first);
    // The next key is published, and the first one still signs.
    app.advance(TimeDelta::hours(23)).await;
    let published = app.get(JWKS).await;
    assert_eq!((kids(&published).len(), kid_of(&app.own_token(&client).await)), (2, first_key.clone()));
    assert_ne!(published.header("etag"), tag);
    // It signs, and what the first one signed is still good.
    let last = app.own_token(&client).await;
    app.advance(TimeDelta::minutes(61)).await;
    let second = app.own_token(&client).await;
    assert_ne!(kid_of(&second), first_key);
    assert!(kids(&app.get(JWKS).await).contains(&first_key));
    app.reregister("booking", |r| r.access_token_ttl = Some(Duration::from_hours(20))).await;
    assert_eq!(app.introspect(&client, &second).await["active"], true);
    assert_eq!(app.introspect(&client, &last).await, json!({"active": false}), "it has expired by itself");
    // A day later nothing that the first one signed can be alive.
    app.advance(TimeDelta::hours(26)).await;
    assert!(!kids(&app.get(JWKS).await).contains(&first_key));
}

/// What the command line does.
async fn rotate(app: &Spawned, manual: ManualRotation) {
    let policy = RotationPolicy::default();
    app.identity.rotate_keys(&policy, manual, &Origin::default()).await.expect("a new key");
}

/// What the command line does in another process is noticed at the next look, and a withdrawn key counts for nothing.
#[rstest]
#[actix_web::test]
async fn a_rotation_elsewhere_is_noticed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let other = app.replica().await;
    let client = app.service("booking").await;
    let old = app.own_token(&client).await;
    app.clock.advance(TimeDelta::seconds(1));
    rotate(&other, ManualRotation::Immediate).await;
    app.auth.maintain_keys().await.expect("keys");
    let new = app.own_token(&client).await;
    assert_ne!(kid_of(&new), kid_of(&old));
    assert_eq!(app.introspect(&client, &old).await["active"], true);
    rotate(&other, ManualRotation::Withdraw).await;
    app.auth.maintain_keys().await.expect("keys");
    for token in [&old, &new] {
        assert_eq!(app.introspect(&client, token).await, json!({"active": false}));
    }
    assert_eq!(kids(&app.get(JWKS).await).len(), 1);
    assert_eq!(app.introspect(&client, &app.own_token(&client).await).await["active"], true);
}

/// The background task needs no request to notice: seconds after the rotation the key set is another.
#[actix_web::test]
async fn a_rotation_elsewhere_is_noticed_without_being_asked() {
    let app = Spawned::with(Backend::Sqlite, |s| s.signing.reload = Duration::from_millis(10)).await;
    let other = app.replica_with(|s| s.signing.reload = Duration::from_hours(1)).await;
    let before = kids(&app.get(JWKS).await);
    rotate(&other, ManualRotation::Immediate).await;
    while kids(&app.get(JWKS).await) == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A clock that jumps past every key finds a new one at the first token.
#[actix_web::test]
async fn a_jump_of_the_clock_leaves_nobody_without_a_key() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    app.clock.advance(TimeDelta::days(400));
    assert_eq!(app.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
}

#[rstest]
#[actix_web::test]
async fn two_first_starts_agree_on_one_key(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (one, two) = tokio::join!(app.replica(), app.replica());
    let expected = kids(&app.get(JWKS).await);
    assert_eq!(expected.len(), 1);
    assert_eq!((kids(&one.get(JWKS).await), kids(&two.get(JWKS).await)), (expected.clone(), expected));
}

#[test]
fn the_openapi_document_is_complete() {
    let document = serde_json::to_value(auth_server::openapi()).expect("JSON");
    let paths: Vec<&str> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    let expected = [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/admin/audit/events",
        "/api/v1/auth/password",
        "/api/v1/auth/sign_in",
        "/api/v1/auth/sign_out",
        "/api/v1/auth/validate_token",
        "/api2/account/info/",
        "/api2/auth-token/",
        "/api2/auth/ping/",
        "/api2/ping/",
        "/external-api/v1.0/application/token",
        "/internal/applications/{id}",
        "/internal/directory/groups",
        "/internal/directory/groups/{number}",
        "/internal/directory/groups/{number}/members",
        "/internal/directory/people",
        "/internal/directory/people/{id}/groups",
        "/internal/revocations",
        "/oauth/introspect",
        "/oauth/revoke",
        "/oauth/token",
        "/server-info/",
    ];
    let mut paths = paths;
    paths.sort_unstable();
    assert_eq!(paths, expected);
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    assert!(["basic", "bearer", "account_token"].iter().all(|name| schemes.contains_key(*name)));
    let token = &document["paths"]["/oauth/token"]["post"];
    for status in ["200", "400", "401", "413", "429", "503"] {
        assert!(token["responses"].get(status).is_some(), "{status}");
    }
    let sign_in = &document["paths"]["/api/v1/auth/sign_in"]["post"]["responses"];
    for name in crate::rdv::SIX {
        assert!(sign_in["200"]["headers"].get(name).is_some(), "{name}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(&format!("/{reference}")).is_some(), "{reference}");
    }
}
