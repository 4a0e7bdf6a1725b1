//! The integrator's path: token, create, list, retrieve, a refused scope, a revoked token.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::walk::Walk;

const MEET: &str = "external-api/v1.0";

/// The demo's clients, as in deploy/bootstrap.demo.yaml.
const INTEGRATOR: (&str, &str) = ("demo-visio", "demo-visio-secret-0123456789abcdef");
const READER: (&str, &str) = ("demo-visio-reader", "demo-visio-reader-secret-0123456789abcdef");

/// What an integrator of the Meet external API does on the first day.
pub(crate) async fn walk(walk: &mut Walk) -> anyhow::Result<()> {
    let rooms = format!("{MEET}/rooms");
    let token = application_token(
        walk,
        "An application asks for a token on behalf of an agent",
        INTEGRATOR.0,
        INTEGRATOR.1,
    )
    .await?;

    let room = walk
        .step("It creates a room", (Method::POST, &rooms), StatusCode::CREATED, |request| {
            request.bearer_auth(&token).json(&serde_json::json!({ "access_level": "restricted" }))
        })
        .await?;
    let id = room.body["id"].as_str().context("the room has no id")?;

    let page = walk
        .step("It lists the agent's rooms", (Method::GET, &rooms), StatusCode::OK, |request| {
            request.bearer_auth(&token)
        })
        .await?;
    walk.expect(&page.body["count"], &Value::from(1))?;

    let path = format!("{rooms}/{id}");
    let again = walk
        .step("It retrieves the room", (Method::GET, &path), StatusCode::OK, |request| {
            request.bearer_auth(&token)
        })
        .await?;
    walk.expect(&again.body["slug"], &room.body["slug"])?;

    let reader =
        application_token(walk, "Another application may only list: its token says so", READER.0, READER.1)
            .await?;
    let refusal = walk
        .step("It may not create a room", (Method::POST, &rooms), StatusCode::FORBIDDEN, |request| {
            request.bearer_auth(&reader)
        })
        .await?;
    walk.expect(
        &refusal.body["detail"],
        &Value::from("Insufficient permissions. Required scope: rooms:create"),
    )?;

    revocation(walk, &rooms, &token).await
}

/// A token is revoked at the auth server; the rooms service, which never saw a secret, refuses it.
async fn revocation(walk: &mut Walk, rooms: &str, token: &str) -> anyhow::Result<()> {
    let form = [("token", token)];
    walk.step(
        "The first application revokes its token",
        (Method::POST, "oauth/revoke"),
        StatusCode::OK,
        |request| request.basic_auth(INTEGRATOR.0, Some(INTEGRATOR.1)).form(&form),
    )
    .await?;
    // The bound for every service to refuse it, contracts/oauth2.md §5.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refusal = walk
        .step(
            "Within a second the rooms service refuses it",
            (Method::GET, rooms),
            StatusCode::UNAUTHORIZED,
            |request| request.bearer_auth(token),
        )
        .await?;
    walk.expect(&refusal.body["detail"], &Value::from("Invalid token."))
}

/// A token of an application on behalf of the demo's agent.
async fn application_token(
    walk: &mut Walk,
    title: &str,
    client_id: &str,
    secret: &str,
) -> anyhow::Result<String> {
    let form = [
        ("client_id", client_id),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", "agent@example.org"),
    ];
    let path = format!("{MEET}/application/token");
    let answer =
        walk.step(title, (Method::POST, &path), StatusCode::OK, |request| request.form(&form)).await?;
    answer.body["access_token"].as_str().map(str::to_owned).context("the answer holds no access_token")
}
