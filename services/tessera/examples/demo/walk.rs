//! The integrator's path: token, create, list, retrieve, a refused scope, a revoked token.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

const MEET: &str = "external-api/v1.0";

/// Sends requests, prints them with their answers, and counts those that came out as expected.
pub(crate) struct Walk {
    base: Url,
    client: reqwest::Client,
    steps: usize,
}

impl Walk {
    pub(crate) fn new(base: Url) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { base, client, steps: 0 })
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Sends one request and returns the answer's JSON; any other status than `expected` ends the walk.
    async fn step(
        &mut self,
        title: &str,
        (method, path): (Method, &str),
        expected: StatusCode,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Value> {
        self.steps += 1;
        println!("\n{}. {title}", self.steps);
        let request = shape(self.client.request(method, self.base.join(path)?)).build()?;
        println!("   {} /{path}", request.method());
        if let Some(credential) = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            println!("     Authorization: {}", shortened(credential));
        }
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            println!("     {}", shortened(&String::from_utf8_lossy(body)));
        }
        let response =
            self.client.execute(request).await.with_context(|| format!("/{path} did not answer"))?;
        let status = response.status();
        let text = response.text().await?;
        println!("   {status}");
        if !text.is_empty() {
            println!("     {}", shortened(&text));
        }
        if status != expected {
            bail!("step {} was answered {status}, expected {expected}", self.steps);
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    async fn application_token(
        &mut self,
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
            self.step(title, (Method::POST, &path), StatusCode::OK, |request| request.form(&form)).await?;
        answer["access_token"].as_str().map(str::to_owned).context("the answer holds no access_token")
    }

    fn expect(&self, member: &Value, expected: &Value) -> anyhow::Result<()> {
        if member != expected {
            bail!("step {} answered {member} where {expected} was expected", self.steps);
        }
        Ok(())
    }
}

/// The demo's clients, as in deploy/bootstrap.demo.yaml.
const INTEGRATOR: (&str, &str) = ("demo-visio", "demo-visio-secret-0123456789abcdef");
const READER: (&str, &str) = ("demo-visio-reader", "demo-visio-reader-secret-0123456789abcdef");

/// What an integrator of the Meet external API does on the first day.
pub(crate) async fn integrator(walk: &mut Walk) -> anyhow::Result<()> {
    let rooms = format!("{MEET}/rooms");
    let token = walk
        .application_token(
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
    let id = room["id"].as_str().context("the room has no id")?;

    let page = walk
        .step("It lists the agent's rooms", (Method::GET, &rooms), StatusCode::OK, |request| {
            request.bearer_auth(&token)
        })
        .await?;
    walk.expect(&page["count"], &Value::from(1))?;

    let path = format!("{rooms}/{id}");
    let again = walk
        .step("It retrieves the room", (Method::GET, &path), StatusCode::OK, |request| {
            request.bearer_auth(&token)
        })
        .await?;
    walk.expect(&again["slug"], &room["slug"])?;

    let reader = walk
        .application_token("Another application may only list: its token says so", READER.0, READER.1)
        .await?;
    let refusal = walk
        .step("It may not create a room", (Method::POST, &rooms), StatusCode::FORBIDDEN, |request| {
            request.bearer_auth(&reader)
        })
        .await?;
    walk.expect(&refusal["detail"], &Value::from("Insufficient permissions. Required scope: rooms:create"))?;

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
    walk.expect(&refusal["detail"], &Value::from("Invalid token."))
}

/// Tokens are shown by their beginning: in full they would hide everything else.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 12;
    let (mut short, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("eyJ") {
        let (before, token) = rest.split_at(start);
        let end =
            token.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(token.len());
        short.push_str(before);
        short.push_str(token.get(..SHOWN.min(end)).unwrap_or_default());
        short.push('…');
        rest = &token[end..];
    }
    short + rest
}
