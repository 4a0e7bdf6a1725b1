//! `contracts/oauth2.md` §2 and the rows of §3 about requests and client authentication, for all three endpoints.

use std::time::Duration;

use chrono::TimeDelta;
use identity::clients::ClientKind;
use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Backend, Credentials, FORM, Spawned, send};

const ENDPOINTS: [&str; 4] = ["/oauth/token", "/security/oauth/token", "/oauth/introspect", "/oauth/revoke"];

/// What would succeed at each endpoint.
fn valid(endpoint: &str) -> Vec<(&'static str, &'static str)> {
    if endpoint.ends_with("/token") {
        vec![("grant_type", "client_credentials")]
    } else {
        vec![("token", "unknown")]
    }
}

async fn post_form(app: &Spawned, client: &Credentials, endpoint: &str) -> Answer {
    let mut form = valid(endpoint);
    form.push(("client_id", &client.id));
    form.push(("client_secret", &client.secret));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, *value)).collect();
    app.post(endpoint, &form).await
}

#[rstest]
#[actix_web::test]
async fn both_methods_authenticate(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let client = app.service("booking").await;
    for endpoint in ENDPOINTS {
        assert_eq!(app.post_as(&client, endpoint, &valid(endpoint)).await.status, 200, "{endpoint}");
        assert_eq!(post_form(&app, &client, endpoint).await.status, 200, "{endpoint}");
    }
}

#[actix_web::test]
async fn blanks_around_the_client_id_do_not_matter() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    let padded = Credentials { id: "  booking\t".to_owned(), secret: client.secret.clone() };
    for endpoint in ENDPOINTS {
        assert_eq!(post_form(&app, &padded, endpoint).await.status, 200, "{endpoint}");
        assert_eq!(app.post_as(&padded, endpoint, &valid(endpoint)).await.status, 200, "{endpoint}");
    }
}

#[actix_web::test]
async fn both_halves_of_basic_are_form_encoded() {
    let app = Spawned::on(Backend::Sqlite).await;
    app.client("a:b/c", ClientKind::Service, |_| {}).await;
    let secret = format!("a:b/c-secret-{}", "x".repeat(32));
    let encoded =
        Credentials { id: "a%3Ab%2Fc".to_owned(), secret: secret.replace(':', "%3A").replace('/', "%2F") };
    assert_eq!(app.token(&encoded, &valid("/oauth/token")).await.status, 200);
}

/// One and the same refusal, whatever is wrong with the client.
#[rstest]
#[actix_web::test]
async fn every_failure_looks_the_same(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let known = app.service("known").await;
    let inactive = app.service("inactive").await;
    app.enable_client("inactive", false).await;
    let wrong = |id: &str| Credentials { id: id.to_owned(), secret: "y".repeat(40) };
    let no_secret = Credentials { id: known.id.clone(), secret: String::new() };
    let failures =
        [wrong("nobody"), wrong("known"), wrong("inactive"), inactive, wrong("not a client id"), no_secret];
    for endpoint in ENDPOINTS {
        let mut seen = Vec::new();
        for client in &failures {
            let (basic, form) = (
                app.post_as(client, endpoint, &valid(endpoint)).await,
                post_form(&app, client, endpoint).await,
            );
            basic.assert_refused(401, "invalid_client");
            form.assert_refused(401, "invalid_client");
            assert_eq!(basic.header("www-authenticate"), "Basic realm=\"oauth2/client\"", "{client:?}");
            assert_eq!(form.header("www-authenticate"), "", "{client:?}");
            seen.push(basic.text);
            seen.push(form.text);
        }
        assert!(seen.iter().all(|text| *text == seen[0]), "{endpoint}: {seen:?}");
    }
}

#[actix_web::test]
async fn nothing_sent_is_asked_for_basic() {
    let app = Spawned::on(Backend::Sqlite).await;
    for endpoint in ENDPOINTS {
        let answer = app.post(endpoint, &valid(endpoint)).await;
        answer.assert_refused(401, "invalid_client");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"oauth2/client\"");
    }
}

#[rstest]
#[case::secret_twice(&[("client_secret", "x")])]
#[case::both_twice(&[("client_id", "booking"), ("client_secret", "x")])]
#[case::other_client(&[("client_id", "other")])]
#[actix_web::test]
async fn two_ways_at_once_are_an_invalid_request(#[case] more: &[(&str, &str)]) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    for endpoint in ENDPOINTS {
        let form = [valid(endpoint), more.to_vec()].concat();
        app.post_as(&client, endpoint, &form).await.assert_refused(400, "invalid_request");
    }
}

#[actix_web::test]
async fn naming_the_same_client_beside_basic_is_fine() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    let form = [("grant_type", "client_credentials"), ("client_id", "booking")];
    assert_eq!(app.token(&client, &form).await.status, 200);
}

#[rstest]
#[case::secret("client_secret=x")]
#[case::id("client_id=booking")]
#[case::encoded_name("%63lient_secret=x")]
#[case::token("token=x")]
#[case::refresh_token("refresh_token=x")]
#[case::subject_token("subject_token=x")]
#[case::password("password=x")]
#[case::application("application_id=x")]
#[case::application_alias("applicationId=x")]
#[actix_web::test]
async fn credentials_in_the_query_are_an_invalid_request(#[case] query: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    for endpoint in ENDPOINTS {
        let answer = app.post_as(&client, &format!("{endpoint}?{query}"), &valid(endpoint)).await;
        answer.assert_refused(400, "invalid_request");
    }
}

#[rstest]
#[case::repeated("grant_type=client_credentials&grant_type=client_credentials&token=x&token=x")]
#[case::repeated_unknown("grant_type=client_credentials&token=x&z=1&z=1")]
#[case::repeated_in_disguise("grant_type=client_credentials&token=x&scope=a&sc%6Fpe=b")]
#[case::percent("grant_type=client_credentials&token=x&scope=100%")]
#[case::not_utf8("grant_type=client_credentials&token=x&scope=%ff")]
#[case::nul("grant_type=client_credentials&token=x&scope=a%00")]
#[actix_web::test]
async fn a_malformed_form_is_an_invalid_request(#[case] body: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    for endpoint in ENDPOINTS {
        let request = app.request(Method::POST, endpoint).basic_auth(&client.id, Some(&client.secret));
        let answer = send(request.header("content-type", FORM).body(body.to_owned())).await;
        answer.assert_refused(400, "invalid_request");
    }
}

#[rstest]
#[case::json("application/json")]
#[case::multipart("multipart/form-data; boundary=x")]
#[case::text("text/plain")]
#[case::looks_like("application/x-www-form-urlencoded2")]
#[actix_web::test]
async fn another_content_type_is_an_invalid_request(#[case] content_type: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    for endpoint in ENDPOINTS {
        let request = app.request(Method::POST, endpoint).basic_auth(&client.id, Some(&client.secret));
        let body = "grant_type=client_credentials&token=x";
        let answer = send(request.header("content-type", content_type).body(body)).await;
        answer.assert_refused(400, "invalid_request");
    }
}

#[actix_web::test]
async fn a_missing_content_type_is_an_invalid_request() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    let request = app.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    send(request.body("grant_type=client_credentials")).await.assert_refused(400, "invalid_request");
}

#[rstest]
#[case("application/x-www-form-urlencoded; charset=UTF-8")]
#[case("Application/X-WWW-Form-Urlencoded")]
#[actix_web::test]
async fn content_type_parameters_and_case_do_not_matter(#[case] content_type: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    let request = app.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    let answer =
        send(request.header("content-type", content_type).body("grant_type=client_credentials")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[actix_web::test]
async fn a_body_over_64_kib_is_too_large_and_one_of_64_kib_is_not() {
    let app = Spawned::on(Backend::Sqlite).await;
    for endpoint in ENDPOINTS {
        app.post_raw(endpoint, vec![b'a'; 64 * 1024 + 1]).await.assert_refused(413, "invalid_request");
        app.post_raw(endpoint, vec![b'a'; 64 * 1024]).await.assert_refused(401, "invalid_client");
    }
}

#[rstest]
#[actix_web::test]
async fn other_methods_are_told_to_post(
    #[values(Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS)] method: Method,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    for endpoint in ENDPOINTS {
        let answer = send(app.request(method.clone(), endpoint)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{endpoint}");
    }
}

#[actix_web::test]
async fn a_public_client_names_itself_where_that_is_enough() {
    let app = Spawned::on(Backend::Sqlite).await;
    let mobile = app
        .client("mobile", ClientKind::Public, |r| r.grants = vec![identity::clients::GrantType::RefreshToken])
        .await;
    // Known, and refused for the token alone.
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "mobile")];
    app.post("/oauth/token", &form).await.assert_refused(400, "invalid_grant");
    app.token(&mobile, &form[..2]).await.assert_refused(400, "invalid_grant");
    assert_eq!(app.post("/oauth/revoke", &[("token", "x"), ("client_id", "mobile")]).await.status, 200);
    // Not where a secret is required.
    let introspection = [("token", "x"), ("client_id", "mobile")];
    app.post("/oauth/introspect", &introspection).await.assert_refused(401, "invalid_client");
    let own = [("grant_type", "client_credentials"), ("client_id", "mobile")];
    app.post("/oauth/token", &own).await.assert_refused(400, "unauthorized_client");
    // A secret it cannot have is a wrong one.
    let secret = Credentials { id: "mobile".to_owned(), secret: "y".repeat(40) };
    app.token(&secret, &form[..2]).await.assert_refused(401, "invalid_client");
    app.enable_client("mobile", false).await;
    app.post("/oauth/token", &form).await.assert_refused(401, "invalid_client");
}

#[rstest]
#[actix_web::test]
async fn two_secrets_are_valid_during_a_rotation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let old = app.service("booking").await;
    let rotation = identity::clients::SecretRotation {
        keep_previous: Some(Duration::from_mins(1)),
        ..Default::default()
    };
    let id = "booking".parse().expect("a client id");
    let plain = app.identity.rotate_secret(&id, rotation, &identity::audit::Origin::default()).await;
    let secret = secrecy::ExposeSecret::expose_secret(plain.expect("a secret").expose()).to_owned();
    let new = Credentials { id: "booking".to_owned(), secret };
    let form = valid("/oauth/token");
    assert_eq!(app.token(&old, &form).await.status, 200);
    assert_eq!(app.token(&new, &form).await.status, 200);
    app.clock.advance(TimeDelta::seconds(61));
    app.token(&old, &form).await.assert_refused(401, "invalid_client");
    assert_eq!(app.token(&new, &form).await.status, 200);
}
