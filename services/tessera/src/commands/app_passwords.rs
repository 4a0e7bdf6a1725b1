//! `tessera user app-password`

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use identity::Identity;
use identity::app_passwords::AppPassword;
use serde::Serialize;

use crate::cli::AppPasswordCommand;
use crate::directory::{find_account, operator};
use crate::failure::Failure;
use crate::output::{Output, or_dash};

/// An app password as it is shown. The secret is there only in the answer that makes it.
#[derive(Serialize)]
struct AppPasswordView {
    id: String,
    login: String,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_password: Option<String>,
}

pub(super) async fn run(
    identity: &Identity,
    command: AppPasswordCommand,
    output: Output,
) -> Result<(), Failure> {
    match command {
        AppPasswordCommand::Create { account, name } => {
            let account = find_account(identity, &account).await?;
            let (made, secret) = identity.create_app_password(account.id, &name, &operator()).await?;
            show(&view(account.login, made, Some(secret.expose().to_owned())), output)
        }
        AppPasswordCommand::List { account } => list(identity, &account, output).await,
        AppPasswordCommand::Revoke { account, id } => revoke(identity, &account, &id, output).await,
    }
}

async fn list(identity: &Identity, name: &str, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let found = identity.list_app_passwords(account.id).await?;
    let views: Vec<AppPasswordView> =
        found.into_iter().map(|password| view(account.login.clone(), password, None)).collect();
    let row = |view: &AppPasswordView| {
        vec![
            view.id.clone(),
            view.name.clone(),
            instant(view.created_at),
            or_dash(view.last_used_at.map(instant)),
        ]
    };
    Ok(output.table(&views, &["id", "name", "created", "last used"], row).context("standard output")?)
}

async fn revoke(identity: &Identity, name: &str, id: &str, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let found = identity.list_app_passwords(account.id).await?.into_iter().find(|own| own.id == id);
    let unknown = || Failure::NotFound(format!("{} has no app password {id}", account.login));
    let found = found.ok_or_else(unknown)?;
    if !identity.revoke_app_password(account.id, id, &operator()).await? {
        return Err(unknown());
    }
    show(&view(account.login.clone(), found, None), output)
}

fn show(view: &AppPasswordView, output: Output) -> Result<(), Failure> {
    let mut lines = vec![
        ("id", view.id.clone()),
        ("login", view.login.clone()),
        ("name", view.name.clone()),
        ("created", instant(view.created_at)),
        ("last used", or_dash(view.last_used_at.map(instant))),
    ];
    if let Some(secret) = &view.app_password {
        lines.push(("app_password", format!("{secret}   (shown only now)")));
    }
    Ok(output.record(view, &lines).context("standard output")?)
}

fn view(login: String, password: AppPassword, secret: Option<String>) -> AppPasswordView {
    AppPasswordView {
        id: password.id,
        login,
        name: password.name,
        created_at: password.created_at,
        last_used_at: password.last_used_at,
        app_password: secret,
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
