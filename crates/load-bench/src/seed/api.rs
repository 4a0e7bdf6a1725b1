//! Calls by which the seed makes what cannot be declared.

use anyhow::Context as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::directory::{PASSWORD, SECRET};
use crate::scenarios::requests::Triple;
use crate::server::Server;

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// A client of the server.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    client: reqwest::Client,
}

impl Api {
    pub(crate) fn of(server: &Server) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { base: format!("http://{}", server.address()), client })
    }

    /// An application's token for the person of this e-mail address.
    pub(crate) async fn meet_token(&self, client: &str, email: &str) -> anyhow::Result<String> {
        let form = [
            ("client_id", client),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
            ("scope", email),
        ];
        let answer = self.json(self.post("/external-api/v1.0/application/token").form(&form)).await?;
        text(&answer, "access_token")
    }

    /// A client's own token.
    pub(crate) async fn client_token(&self, client: &str) -> anyhow::Result<String> {
        let request = self.post("/oauth/token").basic_auth(client, Some(SECRET));
        text(&self.json(request.form(&[("grant_type", "client_credentials")])).await?, "access_token")
    }

    /// The id of a new room of whoever the token is for.
    pub(crate) async fn room(&self, token: &str) -> anyhow::Result<String> {
        text(&self.json(self.post("/external-api/v1.0/rooms").bearer_auth(token)).await?, "id")
    }

    /// An Account-Token.
    pub(crate) async fn account_token(&self, login: &str) -> anyhow::Result<String> {
        let form = [("username", login), ("password", PASSWORD)];
        text(&self.json(self.post("/api2/auth-token/").form(&form)).await?, "token")
    }

    /// An API-Token of a new base.
    pub(crate) async fn api_token(&self, account_token: &str, base: &str) -> anyhow::Result<String> {
        let authorization = format!("Token {account_token}");
        let post = |path: &str| self.post(path).header("Authorization", &authorization);
        let made = self.json(post("/api/v2.1/dtables/").form(&[("name", base)])).await?;
        let path = format!("/api/v2.1/workspace/{}/dtable/{base}/api-tokens/", made["table"]["workspace_id"]);
        let form = [("app_name", "bench"), ("permission", "rw")];
        text(&self.json(post(&path).form(&form)).await?, "api_token")
    }

    /// The three values of an agent who has signed in.
    pub(crate) async fn sign_in(&self, email: &str) -> anyhow::Result<Triple> {
        let form = [("email", email), ("password", PASSWORD)];
        let answer = self.post("/api/v1/auth/sign_in").form(&form).send().await?.error_for_status()?;
        let header = |name| header(answer.headers(), name);
        Ok(Triple { token: header("access-token")?, client: header("client")?, uid: header("uid")? })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    async fn json(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let answer = request.send().await?;
        let (url, status) = (answer.url().clone(), answer.status());
        let body = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{url}: {status}: {body}");
        serde_json::from_str(&body).with_context(|| format!("{url}: {body}"))
    }
}

/// What all of them give, in their order; some of them are under way at once.
pub(crate) async fn all<T, F>(calls: impl IntoIterator<Item = F>) -> anyhow::Result<Vec<T>>
where
    F: Future<Output = anyhow::Result<T>>,
{
    at_once(calls).try_collect().await
}

fn at_once<F: Future>(calls: impl IntoIterator<Item = F>) -> impl Stream<Item = F::Output> {
    stream::iter(calls).buffered(AT_ONCE)
}

fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    Ok(answer[member].as_str().with_context(|| format!("no {member} in {answer}"))?.to_owned())
}

fn header(headers: &HeaderMap, name: &str) -> anyhow::Result<String> {
    Ok(headers.get(name).with_context(|| format!("no header {name}"))?.to_str()?.to_owned())
}
