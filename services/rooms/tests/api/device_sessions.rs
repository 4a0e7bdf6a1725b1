//! Agents who present their device session. `contracts/rdv-sign-in.md` §4, in the words of `contracts/meet.md`.

use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use auth_claims::device::DeviceTriple;
use auth_claims::revocations::{RevocationKind, RevocationReason};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ALL, Answer, Backend, ROOMS, Service, room_path};

const INVALID: &str = "Invalid token.";
const MISSING: &str = "Authentication credentials were not provided.";

fn everything() -> String {
    format!("lasuite_visio {ALL}")
}

async fn sent(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}

fn object(triple: &DeviceTriple) -> Value {
    json!({ "access-token": triple.access_token, "client": triple.client, "uid": triple.uid })
}

/// With all the scopes an agent's rights may give: the same as with a token of their own.
#[rstest]
#[actix_web::test]
async fn an_agent_may_do_what_a_token_permits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let ada = service.sessions.sign_in("ada", &everything());
    let body = json!({"access_level": "restricted"});
    let room = sent(service.request_from(&ada, "POST", ROOMS).json(&body)).await.expect(201);
    assert_eq!(room.json()["access_level"], "restricted");
    let path = room_path(&room);
    let seen = service.send_with(&service.own_token("ada"), "GET", &path).await.expect(200);
    assert_eq!(seen.json()["id"], room.json()["id"], "the agent is the account");
    sent(service.request_from(&ada, "PATCH", &path).json(&json!({"access_level": "trusted"})))
        .await
        .expect(200);
    assert_eq!(sent(service.request_from(&ada, "GET", ROOMS)).await.expect(200).json()["count"], 1);
    let bob = service.sessions.sign_in("bob", &everything());
    sent(service.request_from(&bob, "DELETE", &path)).await.expect(403);
    sent(service.request_from(&ada, "DELETE", &path)).await.expect(204);
    assert_eq!(service.sessions.asked(), 2, "once for each session");
}

#[actix_web::test]
async fn an_agent_may_do_no_more_than_the_rights_give() {
    let service = Service::on(Backend::Sqlite).await;
    let reader = service.sessions.sign_in("ada", "lasuite_visio lasuite_visio:rooms:list");
    sent(service.request_from(&reader, "GET", ROOMS)).await.expect(200);
    let refused = sent(service.request_from(&reader, "POST", ROOMS)).await;
    refused.expect_detail(403, "Insufficient permissions. Required scope: rooms:create");
    let stranger = service.sessions.sign_in("bob", "agenda");
    sent(service.request_from(&stranger, "GET", ROOMS)).await.expect_detail(403, "Insufficient permissions.");
}

/// §4.2, §4.3: the other places. A body is read for its room as well.
#[actix_web::test]
async fn the_session_may_come_from_other_places() {
    let service = Service::on(Backend::Sqlite).await;
    let ada = service.sessions.sign_in("ada", &everything());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("access-token", &ada.access_token), ("client", &ada.client), ("uid", &ada.uid)])
        .finish();
    sent(service.request("GET", &format!("{ROOMS}?{query}"))).await.expect(200);
    let mut body = object(&ada);
    body["access_level"] = "restricted".into();
    let room = sent(service.request("POST", ROOMS).json(&body)).await.expect(201);
    assert_eq!(room.json()["access_level"], "restricted");
    for scheme in ["Bearer", "Basic", ""] {
        let header = format!("{scheme} {}", STANDARD.encode(object(&ada).to_string()));
        sent(service.request("GET", ROOMS).header("authorization", header)).await.expect(200);
    }
    assert_eq!(service.sessions.asked(), 1);
}

/// What is no session of anybody is refused as an invalid token, what is none at all as missing.
#[actix_web::test]
async fn another_triple_is_refused() {
    let service = Service::on(Backend::Sqlite).await;
    let ada = service.sessions.sign_in("ada", &everything());
    for wrong in [
        DeviceTriple { access_token: "x".to_owned(), ..ada.clone() },
        DeviceTriple { client: "default".to_owned(), ..ada.clone() },
        DeviceTriple { uid: "ADA@agency.example".to_owned(), ..ada.clone() },
        DeviceTriple { uid: String::new(), ..ada.clone() },
        DeviceTriple { access_token: String::new(), ..ada.clone() },
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = sent(service.request_from(&wrong, method, ROOMS)).await;
            answer.expect_detail(401, INVALID);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    let half = service.request("GET", ROOMS).header("client", &ada.client).header("uid", &ada.uid);
    sent(half).await.expect_detail(401, MISSING);
}

/// A Bearer token counts first, whatever stands beside it, and nobody is asked.
#[actix_web::test]
async fn a_bearer_token_comes_first() {
    let service = Service::on(Backend::Sqlite).await;
    let ada = service.sessions.sign_in("ada", &everything());
    let nobody = DeviceTriple { access_token: "x".to_owned(), ..ada.clone() };
    let good = format!("Bearer {}", service.own_token("ada"));
    sent(service.request_from(&nobody, "GET", ROOMS).header("authorization", &good)).await.expect(200);
    let body = service.request("POST", ROOMS).json(&object(&nobody)).header("authorization", &good);
    sent(body).await.expect(201);
    for (header, detail) in [("Bearer a.b.c", INVALID), ("Bearer a b", "Invalid token header.")] {
        let answer = sent(service.request_from(&ada, "GET", ROOMS).header("authorization", header)).await;
        answer.expect_detail(401, detail);
    }
    assert_eq!(service.sessions.asked(), 0);
}

/// Threat 26: a session that has ended lives no longer than the news needs, though its token was kept.
#[rstest]
#[case::signed_out(
    RevocationKind::Sid,
    "session of ada",
    RevocationReason::SignedOut,
    ExchangeRefusal::Invalid,
    INVALID
)]
#[case::disabled(
    RevocationKind::Sid,
    "session of ada",
    RevocationReason::AccountDisabled,
    ExchangeRefusal::AccountDisabled,
    "User account is disabled."
)]
#[case::locked(
    RevocationKind::Sid,
    "session of ada",
    RevocationReason::Revoked,
    ExchangeRefusal::AccountLocked,
    INVALID
)]
#[actix_web::test]
async fn threat_26_an_ended_session_is_refused(
    #[case] kind: RevocationKind,
    #[case] value: &str,
    #[case] reason: RevocationReason,
    #[case] refusal: ExchangeRefusal,
    #[case] detail: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let ada = service.sessions.sign_in("ada", &everything());
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect(200);
    service.sessions.refuse(&ada, refusal);
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect(200);
    service.revoke(kind, value, reason);
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect_detail(401, detail);
    service.advance(61);
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect_detail(401, detail);
}

/// An exchange is kept for a minute, and without the auth server nobody can tell.
#[actix_web::test]
async fn without_the_auth_server_nobody_can_tell() {
    let service = Service::on(Backend::Sqlite).await;
    let ada = service.sessions.sign_in("ada", &everything());
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect(200);
    service.sessions.refuse(&ada, ExchangeError::Unavailable);
    service.advance(59);
    sent(service.request_from(&ada, "GET", ROOMS)).await.expect(200);
    service.advance(1);
    let answer = sent(service.request_from(&ada, "GET", ROOMS)).await;
    answer.expect_detail(503, "Service temporarily unavailable, try again later.");
}
