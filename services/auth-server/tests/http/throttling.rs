//! 429: too many failed client authentications of one client from one address (`contracts/oauth2.md` §3, threat 10);
//! and threat 16: whose address that is.

use auth_server::AuthSettings;
use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Backend, Credentials, MEET, Spawned, send};

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// As many wrong client secrets as a test likes.
pub(crate) fn any_number_of_secrets(settings: &mut AuthSettings) {
    (settings.limits.client_failures, settings.limits.client_address_failures) = (0, 0);
}

fn wrong(id: &str) -> Credentials {
    Credentials { id: id.to_owned(), secret: "y".repeat(40) }
}

async fn limited(failures: u32) -> (Spawned, Credentials) {
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

/// Each failure after the limit locks for twice as long, up to a quarter of an hour; after an hour all are forgotten.
#[actix_web::test]
async fn locks_double_and_are_forgotten() {
    let (app, client) = limited(2).await;
    app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    for minutes in [1, 2, 4, 8, 15, 15] {
        app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
        let refused = app.token(&client, &GRANT).await;
        refused.assert_refused(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), (minutes * 60).to_string());
        app.clock.advance(TimeDelta::minutes(minutes));
    }
    app.clock.advance(TimeDelta::hours(1));
    app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    assert_eq!(app.token(&client, &GRANT).await.status, 200);
}

/// Two auth servers on one database, and one that starts later: guesses spread over all of them are counted together.
#[rstest]
#[actix_web::test]
async fn threat_10_two_auth_servers_count_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let one = Spawned::on(backend).await;
    let client = one.service("booking").await;
    let other = one.replica().await;
    let mut answers = Vec::new();
    for number in 0..30 {
        let app = if number % 2 == 0 { &one } else { &other };
        answers.push(app.token(&wrong("booking"), &GRANT).await.status);
    }
    assert_eq!(answers, [vec![401; 20], vec![429; 10]].concat());
    let later = one.replica().await;
    later.token(&wrong("booking"), &GRANT).await.assert_refused(429, "temporarily_unavailable");
    for app in [&one, &other, &later] {
        let refused = app.token(&client, &GRANT).await;
        refused.assert_refused(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), "60");
    }
    one.clock.advance(TimeDelta::minutes(1));
    for app in [&one, &other, &later] {
        assert_eq!(app.token(&client, &GRANT).await.status, 200);
    }
}

async fn statuses(app: &Spawned, client: &Credentials, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(app.token(client, &GRANT).await.status);
    }
    statuses
}

/// Requests of one address: the OAuth endpoints and the Meet route share a count, and every answer is its dialect's own.
#[actix_web::test]
async fn requests_of_one_address_are_limited() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.address_requests = 6).await;
    let (client, meet) = (app.service("booking").await, app.application("meet").await);
    assert_eq!(statuses(&app, &client, 4).await, [200; 4]);
    assert_eq!(app.post_as(&client, "/oauth/introspect", &[("token", "x")]).await.status, 200);
    assert_eq!(app.meet(&meet, "a@b.example").await.status, 404);
    for endpoint in ["/oauth/token", "/security/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        let refused = app.post_as(&client, endpoint, &[("token", "x"), GRANT[0]]).await;
        refused.assert_refused(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), "10");
    }
    let refused = app.meet(&meet, "a@b.example").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "10"));
    assert_eq!(refused.text, r#"{"detail":"Request was throttled. Expected available in 10 seconds."}"#);
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(statuses(&app, &client, 2).await, [200, 429]);
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(statuses(&app, &client, 7).await, [vec![200; 6], vec![429]].concat());
}

/// Requests of one client, wherever they come from; nobody uses up another client's, not even under its name.
#[actix_web::test]
async fn requests_of_one_client_are_limited() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.client_requests = 3).await;
    let (client, other) = (app.service("booking").await, app.service("other").await);
    for _ in 0..5 {
        app.token(&wrong("booking"), &GRANT).await.assert_refused(401, "invalid_client");
    }
    assert_eq!(statuses(&app, &client, 4).await, [200, 200, 200, 429]);
    let behind = app.replica_behind_a_proxy().await;
    let request = behind.request(Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    assert_eq!(
        send(request.header("x-forwarded-for", "192.0.2.8").form(&GRANT)).await.status,
        200,
        "its own count"
    );
    assert_eq!(statuses(&app, &other, 4).await, [200, 200, 200, 429]);
}

/// Networks that are listed are not counted, and 0 switches each limit off.
#[rstest]
#[case(&["127.0.0.0/8"], 2)]
#[case(&[], 0)]
#[actix_web::test]
async fn requests_that_are_not_limited(#[case] exempt: &[&str], #[case] limit: u32) {
    let app = Spawned::with(Backend::Sqlite, |settings| {
        let limits = &mut settings.limits;
        limits.exempt = exempt.iter().map(|network| network.parse().expect("a network")).collect();
        (limits.address_requests, limits.client_requests, limits.sign_in_requests) = (limit, 0, limit);
    });
    let app = app.await;
    let client = app.service("booking").await;
    assert_eq!(statuses(&app, &client, 20).await, [200; 20]);
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

/// Guesses at ever other clients stop being looked up and counted; the right secret is good all the same.
#[actix_web::test]
async fn threat_10_an_address_has_a_number_of_wrong_secrets() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.client_address_failures = 10).await;
    let client = app.service("booking").await;
    let mut answers = Vec::new();
    for number in 0..15 {
        answers.push(app.token(&wrong(&format!("name-{number}")), &GRANT).await.status);
    }
    assert_eq!(answers, [vec![401; 10], vec![429; 5]].concat());
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
