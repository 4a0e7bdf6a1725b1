//! 429: too many failed client authentications of one client from one address (`contracts/oauth2.md` §3, threat 10);
//! and threat 16: whose address that is.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Backend, Credentials, MEET, Spawned, send};

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn wrong(id: &str) -> Credentials {
    Credentials { id: id.to_owned(), secret: "y".repeat(40) }
}

async fn limited(failures: usize) -> (Spawned, Credentials) {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.client_failures = failures).await;
    let client = app.service("booking").await;
    (app, client)
}

/// Fails from an address that a header claims.
async fn fail_with(app: &Spawned, id: &str, header: (&str, &str)) -> Answer {
    let client = wrong(id);
    let request = app.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    send(request.header(header.0, header.1).form(&GRANT)).await
}

#[rstest]
#[actix_web::test]
async fn the_21st_failure_in_a_minute_is_too_many(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let client = app.service("booking").await;
    for _ in 0..20 {
        app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    }
    let refused = app.token(&wrong("booking"), &GRANT).await;
    refused.assert_refused(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "60");
    // The right secret does not help: otherwise the limit would tell which one is right.
    app.token(&client, &GRANT).await.assert_refused(429, "temporarily_unavailable");
    app.clock.advance(TimeDelta::seconds(59));
    assert_eq!(app.token(&client, &GRANT).await.header("retry-after"), "1");
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.token(&client, &GRANT).await.status, 200);
}

#[actix_web::test]
async fn the_window_slides() {
    let (app, client) = limited(2).await;
    app.token(&wrong("booking"), &GRANT).await;
    app.clock.advance(TimeDelta::seconds(40));
    app.token(&wrong("booking"), &GRANT).await;
    assert_eq!(app.token(&client, &GRANT).await.header("retry-after"), "20");
    app.clock.advance(TimeDelta::seconds(20));
    app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    assert_eq!(app.token(&client, &GRANT).await.header("retry-after"), "40");
}

/// Every endpoint and dialect counts, and every one refuses.
#[actix_web::test]
async fn threat_10_all_endpoints_share_the_count() {
    let (app, client) = limited(4).await;
    let meet = app.application("meet").await;
    for _ in 0..2 {
        app.post_as(&wrong("meet"), "/oauth/introspect", &[("token", "x")]).await;
        app.meet(&wrong("meet"), "a@b.example").await;
    }
    for endpoint in ["/oauth/token", "/security/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        let answer = app.post_as(&meet, endpoint, &[("token", "x"), GRANT[0]]).await;
        answer.assert_refused(429, "temporarily_unavailable");
    }
    let answer = app.meet(&meet, "a@b.example").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "60"), "{MEET}");
    assert_eq!(answer.text, r#"{"detail":"Request was throttled. Expected available in 60 seconds."}"#);
    // Another client from the same address is not concerned.
    assert_eq!(app.token(&client, &GRANT).await.status, 200);
}

#[actix_web::test]
async fn a_success_starts_the_count_anew() {
    let (app, client) = limited(3).await;
    for _ in 0..5 {
        for _ in 0..2 {
            app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
        }
        assert_eq!(app.token(&client, &GRANT).await.status, 200);
    }
}

#[actix_web::test]
async fn zero_switches_the_limit_off() {
    let (app, client) = limited(0).await;
    for _ in 0..50 {
        app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    }
    assert_eq!(app.token(&client, &GRANT).await.status, 200);
}

/// Guesses at many clients are guesses at each of them: nobody is locked out by names that are tried beside theirs.
#[actix_web::test]
async fn threat_10_other_names_do_not_lock_a_client_out() {
    let (app, client) = limited(3).await;
    for number in 0..60 {
        app.token(&wrong(&format!("name-{number}")), &GRANT).await.assert_refused(401, "invalid_client");
    }
    assert_eq!(app.token(&client, &GRANT).await.status, 200);
}

/// A peer that is no trusted proxy cannot choose its address, however the header looks, to escape the limit.
#[rstest]
#[case::forwarded_for("x-forwarded-for")]
#[case::forwarded("forwarded")]
#[case::real_ip("x-real-ip")]
#[case::client_ip("true-client-ip")]
#[actix_web::test]
async fn threat_16_a_spoofed_address_does_not_escape_the_limit(#[case] name: &str) {
    let (app, _) = limited(3).await;
    for number in 0..3 {
        let address = format!("192.0.2.{number}");
        fail_with(&app, "booking", (name, &address)).await.assert_refused(401, "invalid_client");
    }
    fail_with(&app, "booking", (name, "198.51.100.7")).await.assert_refused(429, "temporarily_unavailable");
}

/// Malformed, repeated, absurd: ignored, and never a reason to let somebody in or to fail.
#[rstest]
#[case("unknown")]
#[case("192.0.2.1, 192.0.2.2, 192.0.2.3")]
#[case("256.256.256.256")]
#[case("::1%eth0")]
#[case("'; DROP TABLE clients; --")]
#[case(&",".repeat(2000))]
#[actix_web::test]
async fn threat_16_malformed_proxy_headers_are_ignored(#[case] value: &str) {
    let (app, client) = limited(2).await;
    for _ in 0..2 {
        fail_with(&app, "booking", ("x-forwarded-for", value)).await.assert_refused(401, "invalid_client");
    }
    fail_with(&app, "booking", ("x-forwarded-for", value))
        .await
        .assert_refused(429, "temporarily_unavailable");
    app.clock.advance(TimeDelta::seconds(60));
    let request = app.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    let request = request.header("x-forwarded-for", value).header("x-forwarded-for", "192.0.2.9");
    assert_eq!(send(request.form(&GRANT)).await.status, 200);
}
