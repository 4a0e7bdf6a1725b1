//! A collector's path: what was done so far, a page at a time, and whether somebody has touched it since.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::DemoServer;
use crate::walk::Walk;

/// The client of the demo directory, as in deploy/bootstrap.demo.yaml.
const AUDITOR: (&str, &str) = ("demo-auditor", "demo-auditor-secret-0123456789abcdef");

/// Whose token opens no trail.
const READER: (&str, &str) = ("demo-backend", "demo-backend-secret-0123456789abcdef");

const EVENTS: &str = "admin/audit/events";

/// Events wait in memory for a moment before they are written, and in the database before they are sealed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the trail over HTTP and verifies its chain by the command line.
pub(crate) async fn walk(walk: &mut Walk, server: &DemoServer) -> anyhow::Result<()> {
    let token = token(walk, "A collector asks for a token", AUDITOR).await?;
    let first = format!("{EVENTS}?action=token.issue&outcome=success&limit=2");
    let page = events(walk, "It reads which tokens were issued last, two at a time", &first, &token).await?;
    walk.expect(&json!(page["events"].as_array().map(Vec::len)), &json!(2))?;
    let next = page["next"].as_str().context("there is no further page")?;
    let second = format!("{first}&cursor={next}");
    let older = events(walk, "And the two before them", &second, &token).await?;
    if older["events"][0]["id"] == page["events"][0]["id"] {
        bail!("the second page is the first");
    }
    walk.step(
        "A cursor holds for its filters alone",
        (Method::GET, &format!("{EVENTS}?limit=2&cursor={next}")),
        StatusCode::BAD_REQUEST,
        |request| request.bearer_auth(&token),
    )
    .await?;
    let other = self::token(walk, "Another back end has no business there", READER).await?;
    walk.step("So it is refused", (Method::GET, EVENTS), StatusCode::UNAUTHORIZED, |request| {
        request.bearer_auth(&other)
    })
    .await?;
    verify(walk, server).await
}

async fn verify(walk: &mut Walk, server: &DemoServer) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let report: Value = serde_json::from_str(&server.tessera(&["audit", "verify", "--json"])?)?;
        walk.expect(&report["fault_count"], &json!(0))?;
        if report["unsealed"] == 0 && report["partitions"][0]["verified"].as_u64().is_some_and(|n| n > 0) {
            break;
        }
        if start.elapsed() > PATIENCE {
            bail!("the trail is not sealed: {report}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("\nThe operator looks whether the trail is as it was sealed:\n   tessera audit verify");
    for line in server.tessera(&["audit", "verify"])?.lines() {
        println!("     {line}");
    }
    Ok(())
}

async fn events(walk: &mut Walk, title: &str, path: &str, token: &str) -> anyhow::Result<Value> {
    let answer =
        walk.step(title, (Method::GET, path), StatusCode::OK, |request| request.bearer_auth(token)).await?;
    Ok(answer.body)
}

async fn token(walk: &mut Walk, title: &str, client: (&str, &str)) -> anyhow::Result<String> {
    let form = [("grant_type", "client_credentials")];
    let answer = walk
        .step(title, (Method::POST, "oauth/token"), StatusCode::OK, |request| {
            request.basic_auth(client.0, Some(client.1)).form(&form)
        })
        .await?;
    answer.body["access_token"].as_str().map(str::to_owned).context("the answer holds no access_token")
}
