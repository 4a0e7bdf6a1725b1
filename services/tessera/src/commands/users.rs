//! `tessera user`

use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use auth_claims::claims::OrganizationMembership;
use auth_claims::roles::Role;
use chrono::{DateTime, Utc};
use identity::Identity;
use identity::accounts::{Account, AccountFilter, AccountProfile, NewAccount, NewPassword};
use secrecy::SecretString;
use serde::Serialize;

use super::arguments::all;
use super::listing::every;
use super::{account_tokens, app_passwords, otp};
use crate::cli::{CreateUser, UserCommand};
use crate::directory::{self, find_account};
use crate::failure::Failure;
use crate::output::{Output, names, or_dash};
use crate::settings::Settings;

/// An account as it is shown.
#[derive(Serialize)]
struct AccountView {
    id: String,
    number: i64,
    login: String,
    email: Option<String>,
    name: Option<String>,
    organizations: Vec<OrganizationMembership>,
    services: Vec<String>,
    territories: Vec<String>,
    roles: Vec<Role>,
    groups: Vec<String>,
    enabled: bool,
}

/// An account in a list.
#[derive(Serialize)]
struct ListedView {
    #[serde(flatten)]
    account: AccountView,
    /// Wrong passwords or codes in a row, from unfamiliar addresses.
    failed_attempts: u32,
    /// Until when such addresses are refused.
    locked_until: Option<DateTime<Utc>>,
}

/// What unlocking an account has ended.
#[derive(Serialize)]
struct UnlockedView<'a> {
    login: &'a str,
    forgotten: usize,
}

pub(super) async fn run(settings: &Settings, command: UserCommand, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        UserCommand::Create(flags) => create(&identity, flags, output).await,
        UserCommand::List => list(&identity, output).await,
        UserCommand::SetPassword { account } => {
            let account = find_account(&identity, &account).await?;
            identity.set_password(account.id, &read_password()?, &directory::operator()).await?;
            show(&account, output)
        }
        UserCommand::Disable { account } => set_enabled(&identity, &account, false, output).await,
        UserCommand::Enable { account } => set_enabled(&identity, &account, true, output).await,
        UserCommand::Unlock { account } => unlock(&identity, &account, output).await,
        UserCommand::Otp(command) => otp::run(&identity, settings, command, output).await,
        UserCommand::AppPassword(command) => app_passwords::run(&identity, command, output).await,
        UserCommand::Token(command) => account_tokens::run(&identity, command, output).await,
    }
}

async fn create(identity: &Identity, flags: CreateUser, output: Output) -> Result<(), Failure> {
    let mut profile = AccountProfile::new(flags.login);
    profile.email = flags.email;
    profile.given_name = flags.given_name;
    profile.family_name = flags.family_name;
    profile.organizations = membership(flags.organization.as_deref(), flags.organization_role)?;
    profile.organization_id = flags.organization;
    profile.set_services(flags.services);
    profile.territories = flags.territories;
    profile.roles = all("--role", &flags.roles)?;
    let password = if flags.password { NewPassword::Plain(read_password()?) } else { NewPassword::None };
    let account = identity.create_account(NewAccount { profile, password }, &directory::operator()).await?;
    show(&account, output)
}

/// The place in the organisation that the flags name, the weakest unless they say which.
fn membership(id: Option<&str>, role: Option<String>) -> Result<Vec<OrganizationMembership>, Failure> {
    let role = all("--organization-role", &Vec::from_iter(role))?.pop().unwrap_or(Role::Customer);
    Ok(id.map(|id| OrganizationMembership { id: id.to_owned(), role }).into_iter().collect())
}

async fn list(identity: &Identity, output: Output) -> Result<(), Failure> {
    let page = |after| identity.list_accounts(AccountFilter::default(), after, identity::pages::MAX_PAGE);
    let accounts = every(page).await?;
    let locks = identity.lock_states(&accounts).await?;
    let listed = |account: &Account| {
        let lock = locks.get(&account.id).copied().unwrap_or_default();
        ListedView { account: view(account), failed_attempts: lock.failures, locked_until: lock.locked_until }
    };
    let views: Vec<ListedView> = accounts.iter().map(listed).collect();
    let row = |listed: &ListedView| {
        let account = &listed.account;
        let locked = if listed.locked_until.is_some() { ", locked" } else { "" };
        vec![
            account.number.to_string(),
            account.login.clone(),
            or_dash(account.email.as_ref()),
            format!("{}{locked}", state(account)),
            names(&account.roles),
        ]
    };
    output.table(&views, &["number", "login", "email", "state", "roles"], row).context("standard output")?;
    Ok(())
}

async fn unlock(identity: &Identity, name: &str, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let forgotten = identity.unlock_account(account.id, &directory::operator()).await?;
    let view = UnlockedView { login: &account.login, forgotten };
    let lines = [("login", account.login.clone()), ("forgotten counts", forgotten.to_string())];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

async fn set_enabled(identity: &Identity, name: &str, enabled: bool, output: Output) -> Result<(), Failure> {
    let account = find_account(identity, name).await?;
    let account = identity.set_account_enabled(account.id, enabled, &directory::operator()).await?;
    show(&account, output)
}

fn read_password() -> Result<SecretString, Failure> {
    read_secret("Password: ", "no password was given on standard input")
}

/// Asks on a terminal, without showing what is typed; otherwise takes the first line of standard input.
pub(super) fn read_secret(prompt: &str, missing: &str) -> Result<SecretString, Failure> {
    let stdin = io::stdin();
    let secret = if stdin.is_terminal() {
        rpassword::prompt_password(prompt).context("the terminal")?
    } else {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("standard input")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    if secret.is_empty() {
        return Err(Failure::Usage(missing.to_owned()));
    }
    Ok(secret.into())
}

pub(super) fn show(account: &Account, output: Output) -> Result<(), Failure> {
    let view = view(account);
    let memberships: Vec<String> =
        view.organizations.iter().map(|member| format!("{} ({})", member.id, member.role)).collect();
    let lines = [
        ("id", view.id.clone()),
        ("number", view.number.to_string()),
        ("login", view.login.clone()),
        ("email", or_dash(view.email.as_ref())),
        ("name", or_dash(view.name.as_ref())),
        ("organizations", if memberships.is_empty() { "-".to_owned() } else { memberships.join(", ") }),
        ("services", names(&view.services)),
        ("territories", names(&view.territories)),
        ("roles", names(&view.roles)),
        ("state", state(&view)),
    ];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn view(account: &Account) -> AccountView {
    let names: Vec<&str> =
        [&account.given_name, &account.family_name].into_iter().flatten().map(String::as_str).collect();
    let full_name = (!names.is_empty()).then(|| names.join(" "));
    AccountView {
        id: account.id.to_string(),
        number: account.number,
        login: account.login.clone(),
        email: account.email.clone(),
        name: account.display_name.clone().or(full_name),
        organizations: account.organizations.clone(),
        services: account.services.clone(),
        territories: account.territories.clone(),
        roles: account.roles.clone(),
        groups: account.groups.clone(),
        enabled: account.enabled,
    }
}

fn state(account: &AccountView) -> String {
    if account.enabled { "enabled" } else { "disabled" }.to_owned()
}
