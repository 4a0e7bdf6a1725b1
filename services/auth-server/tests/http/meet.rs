//! `contracts/meet.md` §2 and §4: the application token.

mod bodies;
mod cors;
mod delegation;
mod rows;
mod token;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Credentials, MEET, Spawned, send};

pub(crate) const SLASHLESS: &str = "/external-api/v1.0/application/token";
pub(crate) const EMAIL: &str = "nadia@agency.example";

pub(crate) async fn world(backend: Backend) -> (Spawned, Credentials) {
    let app = Spawned::on(backend).await;
    let client = app.application("meet").await;
    app.account("nadia").await;
    (app, client)
}

/// A valid request but for these fields.
pub(crate) fn body(client: &Credentials, more: &Value) -> Value {
    let mut body = json!({
        "client_id": client.id, "client_secret": client.secret, "grant_type": "client_credentials", "scope": EMAIL,
    });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

pub(crate) async fn post_json(app: &Spawned, body: &Value) -> Answer {
    send(app.request(Method::POST, MEET).json(body)).await
}

pub(crate) async fn post_as(app: &Spawned, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    send(app.request(Method::POST, MEET).header("content-type", content_type).body(body.into())).await
}

#[track_caller]
pub(crate) fn assert_said(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, body), "{answer:?}");
    assert_common_headers(answer);
}

/// §2.4: on every answer with a body.
#[track_caller]
pub(crate) fn assert_common_headers(answer: &Answer) {
    for (name, value) in [
        ("content-type", "application/json"),
        ("allow", "POST, OPTIONS"),
        ("vary", "origin, Accept-Language, Cookie"),
        ("x-frame-options", "DENY"),
        ("content-language", "en-us"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {answer:?}");
    }
    let challenge = if answer.status == 401 { "Session" } else { "" };
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.header("content-length"), answer.text.len().to_string());
}

/// The answer to an empty request.
pub(crate) const ALL_MISSING: &str = r#"{"client_id":["This field is required."],"client_secret":["This field is required."],"grant_type":["This field is required."],"scope":["This field is required."]}"#;
