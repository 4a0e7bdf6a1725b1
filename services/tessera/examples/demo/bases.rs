//! A script's path: its author signs in, makes a base and a token for it, and the three exchanges end in Base-Tokens that
//! a data plane accepts without asking anybody.

use anyhow::{Context, bail};
use auth_claims::base_token::{Access, BaseTokenRefusal, BaseTokenVerifier};
use auth_claims::clock::Clock;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::server::BASE_KEY;
use crate::walk::Walk;

/// A person of the demo directory, as in deploy/bootstrap.demo.yaml.
const AUTHOR: (&str, &str) = ("agent@example.org", "demo-agent-password");

const EXCHANGE: &str = "api/v2.1/dtable/app-access-token/";

/// One base, from the first sign-in to the end of its token.
pub(crate) async fn walk(walk: &mut Walk) -> anyhow::Result<()> {
    let body = [("username", AUTHOR.0), ("password", AUTHOR.1)];
    let signed_in = walk
        .step(
            "A script's author signs in for an Account-Token",
            (Method::POST, "api2/auth-token/"),
            StatusCode::OK,
            |request| request.form(&body),
        )
        .await?;
    let account = Bearer(member(&signed_in.body, "token")?);
    let body = [("name", "Stock Room")];
    let made = walk
        .step("It makes a base", (Method::POST, "api/v2.1/dtables/"), StatusCode::CREATED, |request| {
            account.on(request).form(&body)
        })
        .await?;
    let table = &made.body["table"];
    let base = Base {
        path: format!("api/v2.1/workspace/{}/dtable/Stock%20Room", table["workspace_id"]),
        uuid: member(table, "uuid")?,
    };
    api_token(walk, &account, &base).await?;
    others(walk, &account, &base).await?;
    links(walk, &account, &base).await
}

struct Base {
    path: String,
    uuid: String,
}

/// `Authorization: Token …`.
struct Bearer(String);

impl Bearer {
    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("authorization", format!("Token {}", self.0))
    }
}

/// The life of an API-Token, and what it is exchanged for.
async fn api_token(walk: &mut Walk, account: &Bearer, base: &Base) -> anyhow::Result<()> {
    let tokens = format!("{}/api-tokens/", base.path);
    let body = [("app_name", "stock-sync"), ("permission", "r")];
    let made = walk
        .step("A token for a script that reads", (Method::POST, &tokens), StatusCode::CREATED, |request| {
            account.on(request).form(&body)
        })
        .await?;
    let script = Bearer(member(&made.body, "api_token")?);
    let read = walk
        .step(
            "The script exchanges it for a Base-Token",
            (Method::GET, EXCHANGE),
            StatusCode::OK,
            |request| script.on(request),
        )
        .await?;
    let read = Bearer(member(&read.body, "access_token")?);
    accepted(walk, &read, base, "stock-sync")?;
    if data_plane().verify(Some(&format!("Token {}", read.0)), &base.uuid, Access::Write)
        != Err(BaseTokenRefusal::ReadOnly)
    {
        bail!("the data plane lets a reader write");
    }
    let one = format!("{tokens}stock-sync/");
    let body = [("permission", "rw")];
    let changed = walk
        .step("Its author lets it write, too", (Method::PUT, &one), StatusCode::OK, |request| {
            account.on(request).form(&body)
        })
        .await?;
    walk.expect(&changed.body["permission"], &json!("rw"))?;
    let listed = walk
        .step("The tokens of the base", (Method::GET, &tokens), StatusCode::OK, |request| account.on(request))
        .await?;
    walk.expect(&listed.body["api_tokens"][0]["app_name"], &json!("stock-sync"))?;
    walk.step("The author deletes it", (Method::DELETE, &one), StatusCode::OK, |request| account.on(request))
        .await?;
    let refused = walk
        .step("It opens nothing any more", (Method::GET, EXCHANGE), StatusCode::FORBIDDEN, |request| {
            script.on(request)
        })
        .await?;
    walk.expect(&refused.body, &json!({ "error_msg": "Permission denied." }))
}

/// The exchanges that need no API-Token.
async fn others(walk: &mut Walk, account: &Bearer, base: &Base) -> anyhow::Result<()> {
    let path = format!("{}/temp-api-token/", base.path);
    let temporary = walk
        .step("A temporary token, good for an hour", (Method::GET, &path), StatusCode::OK, |request| {
            account.on(request)
        })
        .await?;
    let temporary = Bearer(member(&temporary.body, "api_token")?);
    let title = "It is exchanged in the same place";
    let exchanged =
        walk.step(title, (Method::GET, EXCHANGE), StatusCode::OK, |request| temporary.on(request)).await?;
    walk.expect(&exchanged.body["app_name"], &json!("scripts"))?;
    let path = format!("{}/access-token/", base.path);
    let own = walk
        .step("A Base-Token for the author", (Method::GET, &path), StatusCode::OK, |request| {
            account.on(request)
        })
        .await?;
    let own = Bearer(member(&own.body, "access_token")?);
    accepted(walk, &own, base, "")
}

/// Links that open the base to readers, plain and with a name.
async fn links(walk: &mut Walk, account: &Bearer, base: &Base) -> anyhow::Result<()> {
    let path = format!("{}/external-links/", base.path);
    let named = [("token", "spring-fair"), ("expire_days", "30")];
    for (title, body) in [("A link for readers", &[][..]), ("One with a name, for a month", &named)] {
        let link = walk
            .step(title, (Method::POST, &path), StatusCode::OK, |request| account.on(request).form(body))
            .await?;
        let exchange =
            format!("api/v2.1/external-link-tokens/{}/access-token/", member(&link.body, "token")?);
        let title = "Whoever has it reads";
        let opened = walk.step(title, (Method::GET, &exchange), StatusCode::OK, |request| request).await?;
        accepted(walk, &Bearer(member(&opened.body, "access_token")?), base, "")?;
    }
    Ok(())
}

/// The check of a data plane, which shares nothing with the server but the key.
fn accepted(walk: &Walk, token: &Bearer, base: &Base, app: &str) -> anyhow::Result<()> {
    let access = data_plane()
        .verify(Some(&format!("Bearer {}", token.0)), &base.uuid, Access::Read)
        .map_err(|refusal| anyhow::anyhow!("the data plane refuses it: {}", refusal.body()))?;
    println!("     the data plane lets it in: {access:?}");
    walk.expect(&Value::from(access.app_name), &Value::from(app))
}

fn data_plane() -> BaseTokenVerifier {
    BaseTokenVerifier::shared(BASE_KEY.as_bytes(), Clock::system())
}

fn member(body: &Value, name: &str) -> anyhow::Result<String> {
    body[name].as_str().map(str::to_owned).with_context(|| format!("the answer holds no {name}"))
}
