//! `tessera user token`

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use identity::Identity;
use identity::account_tokens::AccountToken;
use serde::Serialize;

use crate::cli::AccountTokenCommand;
use crate::directory::{find_account, operator};
use crate::failure::Failure;
use crate::output::{Output, or_dash};

/// An account's token as it is shown. The token itself is there only for who asks for it.
#[derive(Serialize)]
struct AccountTokenView {
    login: String,
    exists: bool,
    created_at: Option<DateTime<Utc>>,
    /// The session of what it is exchanged for, as the audit trail names it.
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_token: Option<String>,
}

pub(super) async fn run(
    identity: &Identity,
    command: AccountTokenCommand,
    output: Output,
) -> Result<(), Failure> {
    match command {
        AccountTokenCommand::Show { account, reveal } => {
            let account = find_account(identity, &account).await?;
            let token =
                if reveal { identity.reveal_account_token(account.id, &operator()).await? } else { None };
            let known = identity.account_token_of(account.id).await?;
            show(account.login, known, token.map(|token| token.expose().to_owned()), output)
        }
        AccountTokenCommand::Revoke { account } => {
            let account = find_account(identity, &account).await?;
            if !identity.revoke_account_token(account.id, &operator()).await? {
                return Err(Failure::NotFound(format!("{} has no account token", account.login)));
            }
            show(account.login, None, None, output)
        }
    }
}

fn show(
    login: String,
    known: Option<AccountToken>,
    account_token: Option<String>,
    output: Output,
) -> Result<(), Failure> {
    let (created_at, session_id) = known.map(|known| (known.created_at, known.sid)).unzip();
    let view =
        AccountTokenView { login, exists: session_id.is_some(), created_at, session_id, account_token };
    let mut lines = vec![
        ("login", view.login.clone()),
        ("token", if view.exists { "yes" } else { "none" }.to_owned()),
        ("created", or_dash(view.created_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)))),
        ("session", or_dash(view.session_id.as_ref())),
    ];
    lines.extend(view.account_token.clone().map(|token| ("account_token", token)));
    Ok(output.record(&view, &lines).context("standard output")?)
}
