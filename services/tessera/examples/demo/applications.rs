//! An application's path: what each role sees of it, a change that another one overtakes, and the switch that stops
//! authentication.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::walk::Walk;

/// Callers of the demo directory, as in deploy/bootstrap.demo.yaml: an internal service and a back end of Helios by their
/// secrets, people of Helios by their passwords at a front end.
const SERVICE: (&str, &str) = ("demo-integration", "demo-integration-secret-0123456789abcdef");
const BACK_END: (&str, &str) = ("demo-crm-sync", "demo-crm-sync-secret-0123456789abcdef");
const FRONT_END: (&str, &str) = ("demo-web-app", "demo-web-app-secret-0123456789abcdef");
/// A front end that is bound to the application.
const DESK: (&str, &str) = ("demo-video-desk", "demo-video-desk-secret-0123456789abcdef");
const ADMIN: (&str, &str) = ("dana@helios.example", "demo-dana-password");
const AGENT: (&str, &str) = ("aris@helios.example", "demo-aris-password");
const CUSTOMER: (&str, &str) = ("cora@helios.example", "demo-cora-password");
const STRANGER: (&str, &str) = ("luna@selene.example", "demo-luna-password");

const APPLICATION: &str = "api/applications/0c6b2c0a-5f77-4c3b-9d0e-8f6f2a1f9b10";
const TOKEN: &str = "oauth/token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BASIC: &str = "urn:tessera:token-type:basic";
/// The sections of a configuration that only some callers see.
const SECTIONS: [&str; 3] = ["serviceParameters", "agentParameters", "customerParameters"];

type Credentials = (&'static str, &'static str);

/// One application of a contact centre.
pub(crate) async fn walk(walk: &mut Walk) -> anyhow::Result<()> {
    side_by_side(walk).await?;
    let editor = client_token(walk, "A back end of the organisation gets a token", BACK_END).await?;
    overtaken(walk, &editor).await?;
    switch(walk, &editor).await
}

/// The same GET by four roles.
async fn side_by_side(walk: &mut Walk) -> anyhow::Result<()> {
    let mut seen = vec![("SERVICE", client_token(walk, "An internal service gets a token", SERVICE).await?)];
    for (role, person) in [("ADMIN", ADMIN), ("AGENT", AGENT), ("CUSTOMER", CUSTOMER)] {
        let title = format!("So does {}, {role} of Helios", person.0);
        seen.push((role, sign_in(walk, &title, FRONT_END, person).await?.access_token));
    }
    let expected =
        [&["serviceParameters"][..], &["agentParameters"], &["agentParameters"], &["customerParameters"]];
    let mut columns = Vec::new();
    for ((role, token), sections) in seen.iter().zip(expected) {
        let answer = get(walk, &format!("The application as {role} sees it"), token, StatusCode::OK).await?;
        let config =
            answer.as_object().and_then(|answer| answer["config"].as_object()).context("no config")?;
        let shown: Vec<&str> = SECTIONS.into_iter().filter(|section| config.contains_key(*section)).collect();
        if shown != sections {
            bail!("{role} sees {shown:?}");
        }
        columns.push((*role, config.clone()));
    }
    print_side_by_side(&columns);
    let stranger = sign_in(walk, "An administrator of another organisation", FRONT_END, STRANGER).await?;
    let title = "learns no more than of an application that does not exist";
    let refusal = get(walk, title, &stranger.access_token, StatusCode::NOT_FOUND).await?;
    walk.expect(&refusal["message"], &Value::from("Application not found"))
}

/// Which entries of the configuration each role was shown.
fn print_side_by_side(columns: &[(&str, Map<String, Value>)]) {
    print!("\n   {:20}", "config");
    for (role, _) in columns {
        print!("{role:10}");
    }
    let keys: BTreeSet<&String> = columns.iter().flat_map(|(_, config)| config.keys()).collect();
    for key in keys {
        print!("\n   {key:20}");
        for (_, config) in columns {
            print!("{:10}", if config.contains_key(key) { "shown" } else { "·" });
        }
    }
    println!();
}

/// Two who have read the same version: the first one is served.
async fn overtaken(walk: &mut Walk, editor: &str) -> anyhow::Result<()> {
    let read = get(walk, "It reads the application, every section", editor, StatusCode::OK).await?;
    let (mut config, version) = (read["config"].clone(), read["version"].clone());
    config["agentParameters"] = json!({ "queueName": "Video desk 2" });
    let change = json!({ "type": "GENESYS", "version": version, "config": config });
    put(walk, "It changes what it has read", editor, &change, StatusCode::NO_CONTENT).await?;
    let title = "Whoever else has read that version is told, and nothing changes";
    let stale = put(walk, title, editor, &change, StatusCode::CONFLICT).await?;
    walk.expect(&stale["message"], &Value::from("Application version does not match"))
}

/// What is disabled lets nobody in, from the answer on; nobody has to sign in anew when it is enabled again.
async fn switch(walk: &mut Walk, editor: &str) -> anyhow::Result<()> {
    let session =
        sign_in(walk, "An agent signs in at a front end that is bound to the application", DESK, AGENT);
    let session = session.await?.refresh_token.context("no refresh token")?;
    let read = get(walk, "The back end reads the application again", editor, StatusCode::OK).await?;
    let switched =
        |disabled: bool| json!({ "type": "GENESYS", "config": read["config"], "disabled": disabled });
    put(walk, "It disables the application", editor, &switched(true), StatusCode::NO_CONTENT).await?;

    let refresh = [("grant_type", "refresh_token"), ("refresh_token", session.as_str())];
    let own = [("grant_type", "client_credentials")];
    for (title, form) in [
        ("At once the agent's refresh token is refused", &refresh[..]),
        ("and the front end itself", &own[..]),
    ] {
        let refused = token(walk, title, DESK, form, StatusCode::BAD_REQUEST).await?;
        walk.expect(&refused["error_description"], &Value::from("Application is disabled"))?;
    }
    put(walk, "It enables the application again", editor, &switched(false), StatusCode::NO_CONTENT).await?;
    token(walk, "The same refresh token works, as if nothing had happened", DESK, &refresh, StatusCode::OK)
        .await?;
    token(walk, "and so does the front end", DESK, &own, StatusCode::OK).await.map(drop)
}

struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
}

async fn client_token(walk: &mut Walk, title: &str, client: Credentials) -> anyhow::Result<String> {
    let granted = token(walk, title, client, &[("grant_type", "client_credentials")], StatusCode::OK).await?;
    Ok(granted["access_token"].as_str().context("no access token")?.to_owned())
}

async fn sign_in(
    walk: &mut Walk,
    title: &str,
    client: Credentials,
    (email, password): Credentials,
) -> anyhow::Result<Tokens> {
    let subject = STANDARD.encode(format!("{email}:{password}"));
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token_type", BASIC),
        ("subject_token", subject.as_str()),
        ("scope", "global offline_access"),
    ];
    let granted = token(walk, title, client, &form, StatusCode::OK).await?;
    Ok(Tokens {
        access_token: granted["access_token"].as_str().context("no access token")?.to_owned(),
        refresh_token: granted["refresh_token"].as_str().map(str::to_owned),
    })
}

async fn token(
    walk: &mut Walk,
    title: &str,
    (id, secret): Credentials,
    form: &[(&str, &str)],
    expected: StatusCode,
) -> anyhow::Result<Value> {
    let shape = |request: reqwest::RequestBuilder| request.basic_auth(id, Some(secret)).form(form);
    Ok(walk.step(title, (Method::POST, TOKEN), expected, shape).await?.body)
}

async fn get(walk: &mut Walk, title: &str, token: &str, expected: StatusCode) -> anyhow::Result<Value> {
    let shape = |request: reqwest::RequestBuilder| request.bearer_auth(token);
    Ok(walk.step(title, (Method::GET, APPLICATION), expected, shape).await?.body)
}

async fn put(
    walk: &mut Walk,
    title: &str,
    token: &str,
    body: &Value,
    expected: StatusCode,
) -> anyhow::Result<Value> {
    let shape = |request: reqwest::RequestBuilder| request.bearer_auth(token).json(body);
    Ok(walk.step(title, (Method::PUT, APPLICATION), expected, shape).await?.body)
}
