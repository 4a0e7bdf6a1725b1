//! The agent's path: sign-in, the three headers on every method and on another service, a second sign-in that ends the
//! first, sign-out.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::walk::{Triple, Walk};

/// Agents of one house, as in deploy/bootstrap.demo.yaml: the second one is a colleague of the first one's service.
const AGENT: (&str, &str) = ("anais.berthelot@rdv.example.org", "demo-Agent-Password-1");
const COLLEAGUE: &str = "bastien.caradec@rdv.example.org";

const ABSENCES: &str = "api/v1/absences";
/// What the agenda answers whoever is not signed in.
const NOBODY: &str = "Vous devez vous connecter ou vous inscrire pour continuer.";

/// A day of an agent, in an office that allows one device.
pub(crate) async fn walk(walk: &mut Walk) -> anyhow::Result<()> {
    let first = sign_in(walk, "An agent signs in and gets three headers").await?;
    let agents = walk
        .step("They say whom the agent sees", (Method::GET, "api/v1/agents"), StatusCode::OK, |request| {
            first.on(request)
        })
        .await?;
    walk.expect(&agents.body["meta"]["total_count"], &Value::from(2))?;
    absences(walk, &first).await?;
    let rooms = walk
        .step(
            "The same headers open another service, which speaks another dialect",
            (Method::GET, "external-api/v1.0/rooms"),
            StatusCode::OK,
            |request| first.on(request),
        )
        .await?;
    walk.expect(&rooms.body["count"], &Value::from(0))?;

    let second = sign_in(walk, "The agent signs in on another device, which ends the first").await?;
    // The bound for every service to refuse it, contracts/oauth2.md §5.
    tokio::time::sleep(Duration::from_secs(1)).await;
    nobody(walk, "Within a second the first device is nobody's", &first).await?;
    sign_out(walk, &second).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    nobody(walk, "Then nobody is signed in", &second).await
}

async fn sign_in(walk: &mut Walk, title: &str) -> anyhow::Result<Triple> {
    let body = json!({ "email": AGENT.0, "password": AGENT.1 });
    let answer = walk
        .step(title, (Method::POST, "api/v1/auth/sign_in"), StatusCode::OK, |request| request.json(&body))
        .await?;
    walk.expect(&answer.body["data"]["uid"], &Value::from(AGENT.0))?;
    answer.triple.context("the answer holds no three headers")
}

/// GET, POST, PATCH and DELETE, each with the three headers.
async fn absences(walk: &mut Walk, agent: &Triple) -> anyhow::Result<()> {
    let new = json!({
        "agent_email": COLLEAGUE, "title": "Formation",
        "first_day": "2026-02-09", "start_time": "08:30", "end_day": "2026-02-10", "end_time": "17:00",
    });
    let made = walk
        .step("It notes a colleague's absence", (Method::POST, ABSENCES), StatusCode::OK, |request| {
            agent.on(request).json(&new)
        })
        .await?;
    if made.triple.as_ref() != Some(agent) {
        bail!("the three headers do not come back");
    }
    let path = format!("{ABSENCES}/{}", made.body["absence"]["id"]);
    let changed = walk
        .step("It shortens it", (Method::PATCH, &path), StatusCode::OK, |request| {
            agent.on(request).json(&json!({ "end_day": "2026-02-09" }))
        })
        .await?;
    walk.expect(&changed.body["absence"]["end_day"], &Value::from("2026-02-09"))?;
    let listed = walk
        .step("It lists the absences of whom it sees", (Method::GET, ABSENCES), StatusCode::OK, |request| {
            agent.on(request)
        })
        .await?;
    walk.expect(&listed.body["absences"][0]["title"], &Value::from("Formation"))?;
    walk.step("It takes it back", (Method::DELETE, &path), StatusCode::NO_CONTENT, |request| {
        agent.on(request)
    })
    .await?;
    let gone = walk
        .step("It is gone", (Method::GET, &path), StatusCode::NOT_FOUND, |request| agent.on(request))
        .await?;
    walk.expect(&gone.body["not_found"], &Value::from("absence"))
}

async fn sign_out(walk: &mut Walk, agent: &Triple) -> anyhow::Result<()> {
    let path = "api/v1/auth/sign_out";
    let out = walk
        .step("The agent signs out", (Method::DELETE, path), StatusCode::OK, |request| agent.on(request))
        .await?;
    walk.expect(&out.body, &json!({ "success": true }))?;
    if out.triple.is_some() {
        bail!("a sign-out hands out three headers");
    }
    Ok(())
}

async fn nobody(walk: &mut Walk, title: &str, agent: &Triple) -> anyhow::Result<()> {
    let refusal = walk
        .step(title, (Method::GET, ABSENCES), StatusCode::UNAUTHORIZED, |request| agent.on(request))
        .await?;
    walk.expect(&refusal.body, &json!({ "errors": [NOBODY] }))
}
