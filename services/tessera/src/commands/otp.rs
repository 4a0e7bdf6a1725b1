//! `tessera user otp`

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use identity::Identity;
use identity::otp::{OtpRefusal, OtpState, RecoveryCodes};
use serde::Serialize;

use super::users::read_secret;
use crate::cli::OtpCommand;
use crate::directory::{find_account, operator};
use crate::failure::Failure;
use crate::output::{Output, or_dash};
use crate::settings::Settings;

/// A secret on its way into an app.
#[derive(Serialize)]
struct EnrolmentView<'a> {
    login: &'a str,
    secret: &'a str,
    uri: &'a str,
}

/// Codes on their way to a safe place.
#[derive(Serialize)]
struct CodesView<'a> {
    login: &'a str,
    recovery_codes: Vec<&'a str>,
}

/// How an account stands.
#[derive(Serialize)]
struct StandingView<'a> {
    login: &'a str,
    state: &'static str,
    since: Option<DateTime<Utc>>,
    recovery_codes: i64,
    trusted_devices: i64,
}

pub(super) async fn run(
    identity: &Identity,
    settings: &Settings,
    command: OtpCommand,
    output: Output,
) -> Result<(), Failure> {
    let identity = identity.clone().with_otp(settings.auth.otp.clone());
    match command {
        OtpCommand::Enrol { account } => enrol(&identity, &account, output).await,
        OtpCommand::Confirm { account, code } => {
            let account = find_account(&identity, &account).await?;
            let codes = identity.confirm_otp(account.id, &code.into(), &operator()).await?;
            show_codes(&account.login, &codes, output)
        }
        OtpCommand::Disable { account } => {
            let found = find_account(&identity, &account).await?;
            identity.disable_otp(found.id, &operator()).await?;
            show_standing(&identity, &account, output).await
        }
        OtpCommand::Status { account } => show_standing(&identity, &account, output).await,
        OtpCommand::RecoveryCodes { account } => {
            let account = find_account(&identity, &account).await?;
            let codes = identity.renew_recovery_codes(account.id, &operator()).await?;
            show_codes(&account.login, &codes, output)
        }
        OtpCommand::Recover { account } => {
            let found = find_account(&identity, &account).await?;
            let code = read_secret("Recovery code: ", "no recovery code was given on standard input")?;
            let recovered = identity.recover_otp(found.id, &code, &operator()).await;
            // The refusal is in the trail before the command has said so.
            identity.audit().flush().await.context("audit trail")?;
            recovered?;
            show_standing(&identity, &account, output).await
        }
    }
}

async fn enrol(identity: &Identity, name: &str, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let enrolment = identity.enrol_otp(&account, &operator()).await?;
    let view = EnrolmentView { login: &account.login, secret: enrolment.secret(), uri: enrolment.uri() };
    let lines = [
        ("login", account.login.clone()),
        ("secret", enrolment.secret().to_owned()),
        ("uri", enrolment.uri().to_owned()),
    ];
    Ok(output.record(&view, &lines).context("standard output")?)
}

fn show_codes(login: &str, codes: &RecoveryCodes, output: Output) -> Result<(), Failure> {
    let view = CodesView { login, recovery_codes: codes.expose().collect() };
    let mut lines = vec![("login", login.to_owned())];
    lines.extend(codes.expose().map(|code| ("recovery code", code.to_owned())));
    Ok(output.record(&view, &lines).context("standard output")?)
}

async fn show_standing(identity: &Identity, name: &str, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let standing = identity.otp_standing(account.id).await?;
    let (state, since) = match standing.state {
        OtpState::Off => ("off", None),
        OtpState::Enrolled { at } => ("enrolled", Some(at)),
        OtpState::On { since } => ("on", Some(since)),
    };
    let view = StandingView {
        login: &account.login,
        state,
        since,
        recovery_codes: standing.recovery_codes,
        trusted_devices: standing.trusted_devices,
    };
    let lines = [
        ("login", account.login.clone()),
        ("state", state.to_owned()),
        ("since", or_dash(since.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)))),
        ("recovery codes", standing.recovery_codes.to_string()),
        ("trusted devices", standing.trusted_devices.to_string()),
    ];
    Ok(output.record(&view, &lines).context("standard output")?)
}

impl From<OtpRefusal> for Failure {
    fn from(refusal: OtpRefusal) -> Self {
        match refusal {
            OtpRefusal::Failed(error) => error.into(),
            other => Self::Refused(other.to_string()),
        }
    }
}
