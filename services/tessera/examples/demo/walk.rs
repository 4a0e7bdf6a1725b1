//! One request after another, each shown with its answer and compared with what it has to be.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

/// What a request presents of itself.
const CREDENTIALS: [&str; 4] = ["authorization", "access-token", "client", "uid"];

/// What came back.
pub(crate) struct Answer {
    /// In its headers, if they hold one.
    pub(crate) triple: Option<Triple>,
    /// Its JSON; a text where it is something else, null where there is none.
    pub(crate) body: Value,
}

/// The three headers of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Triple {
    token: String,
    client: String,
    uid: String,
}

impl Triple {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let header = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        Some(Self { token: header("access-token")?, client: header("client")?, uid: header("uid")? })
    }

    /// A request with the three headers.
    pub(crate) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("access-token", &self.token).header("client", &self.client).header("uid", &self.uid)
    }
}

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

    /// Sends one request and returns its answer; any other status than `expected` ends the walk.
    pub(crate) async fn step(
        &mut self,
        title: &str,
        (method, path): (Method, &str),
        expected: StatusCode,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Answer> {
        self.steps += 1;
        println!("\n{}. {title}", self.steps);
        let request = shape(self.client.request(method, self.base.join(path)?)).build()?;
        println!("   {} /{path}", request.method());
        for name in CREDENTIALS {
            if let Some(credential) = request.headers().get(name).and_then(|value| value.to_str().ok()) {
                println!("     {name}: {}", shortened(credential));
            }
        }
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            println!("     {}", shortened(&String::from_utf8_lossy(body)));
        }
        let response =
            self.client.execute(request).await.with_context(|| format!("/{path} did not answer"))?;
        let (status, triple) = (response.status(), Triple::of(response.headers()));
        let text = response.text().await?;
        println!("   {status}");
        if let Some(triple) = &triple {
            println!("     access-token: {}, client: {}, uid: {}", triple.token, triple.client, triple.uid);
        }
        if !text.is_empty() {
            println!("     {}", shortened(&text));
        }
        if status != expected {
            bail!("step {} was answered {status}, expected {expected}", self.steps);
        }
        let json = || serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
        Ok(Answer { triple, body: if text.is_empty() { Value::Null } else { json() } })
    }

    /// Ends the walk when a member of the last answer is not this.
    pub(crate) fn expect(&self, member: &Value, expected: &Value) -> anyhow::Result<()> {
        if member != expected {
            bail!("step {} answered {member} where {expected} was expected", self.steps);
        }
        Ok(())
    }
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
