//! Making a change: everything about it that depends on the account, in the caller's transaction.

use serde_json::{Map, Value};
use store::DbConn;

use super::{AccountDetails, DetailsChange, DetailsError, InvalidDetail, Property, find, mails, rows};
use crate::{
    accounts::{self, Account, AccountId, AccountProfile},
    act::Act,
    errors::IdentityError,
};

/// Makes one change of an account's details. One that changes nothing leaves no trace.
///
/// Changes of one account wait for each other, so that none is lost.
///
/// # Errors
/// [`DetailsError::Invalid`] for what does not do for this account, [`IdentityError::Unknown`] for one that is not there.
pub fn change(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    change: &DetailsChange,
) -> Result<(), DetailsError> {
    let account = accounts::find_for_change(conn, id)?.ok_or(IdentityError::Unknown("account"))?;
    match change {
        DetailsChange::DisplayName(None) => Ok(()),
        DetailsChange::DisplayName(name) => {
            update(conn, act, &account, |profile| profile.display_name.clone_from(name))
        }
        DetailsChange::Email(address) => {
            update(conn, act, &account, |profile| profile.email.clone_from(address))
        }
        change => {
            let before = find(conn, id)?;
            write(conn, act, &account, &before, change)?;
            if find(conn, id)? == before {
                return Ok(());
            }
            Ok(act.record(conn, "account.update_details", &id.to_string(), Some(detail(change)))?)
        }
    }
}

/// Changes the account itself.
fn update(
    conn: &mut DbConn,
    act: &Act,
    account: &Account,
    set: impl FnOnce(&mut AccountProfile),
) -> Result<(), DetailsError> {
    let current = AccountProfile::from(account);
    let mut profile = current.clone();
    set(&mut profile);
    if profile == current {
        return Ok(());
    }
    let checked = profile.check().map_err(IdentityError::from)?;
    match accounts::update(conn, act, account.id, &checked) {
        Ok(_) => Ok(()),
        Err(IdentityError::Taken("e-mail address")) => Err(InvalidDetail::Email.into()),
        Err(error) => Err(error.into()),
    }
}

fn write(
    conn: &mut DbConn,
    act: &Act,
    account: &Account,
    before: &AccountDetails,
    change: &DetailsChange,
) -> Result<(), DetailsError> {
    match change {
        DetailsChange::AddMail { address, verified } => {
            mails::add(conn, account, before, address, *verified)??;
        }
        DetailsChange::ReplaceMail { address, by, verified } => {
            let by = by.as_deref().map(|by| (by, *verified));
            mails::replace(conn, account, before, address, by)??;
            if before.notify_email.as_ref() == Some(address) && by.is_none_or(|(by, _)| by != address) {
                let after = AccountDetails { notify_email: None, ..before.clone() };
                rows::write(conn, account.id, &after, act.stamp())?;
            }
        }
        DetailsChange::MailScope { address, scope } => {
            mails::set_scope(conn, account.id, before, address, *scope)??;
        }
        change => {
            let mut after = before.clone();
            apply(conn, account, &mut after, change)?;
            if after != *before {
                rows::write(conn, account.id, &after, act.stamp())?;
            }
        }
    }
    Ok(())
}

/// Everything that stands in the account's own row of details.
fn apply(
    conn: &mut DbConn,
    account: &Account,
    details: &mut AccountDetails,
    change: &DetailsChange,
) -> Result<(), DetailsError> {
    match change {
        DetailsChange::NotifyEmail(address) => {
            if address.as_ref().is_some_and(|address| !details.may_notify(account, address)) {
                return Err(InvalidDetail::NotifyEmail.into());
            }
            details.notify_email.clone_from(address);
        }
        DetailsChange::Quota(quota) => details.quota = Some(quota.clone()),
        DetailsChange::Language(language) => details.language = Some(language.clone()),
        DetailsChange::Locale(locale) => details.locale = Some(locale.clone()),
        DetailsChange::Manager(login) => details.manager = manager(conn, login.as_deref())?,
        DetailsChange::Text(property, text) => set_text(details, *property, text),
        DetailsChange::ProfileEnabled(enabled) => details.profile_enabled = *enabled,
        DetailsChange::Scope(property, scope) => {
            details.scopes.insert(*property, *scope);
        }
        DetailsChange::DisplayName(_)
        | DetailsChange::Email(_)
        | DetailsChange::AddMail { .. }
        | DetailsChange::ReplaceMail { .. }
        | DetailsChange::MailScope { .. } => {}
    }
    Ok(())
}

fn manager(conn: &mut DbConn, login: Option<&str>) -> Result<Option<AccountId>, DetailsError> {
    let Some(login) = login else { return Ok(None) };
    let found = accounts::find_by_login(conn, login)?.ok_or(InvalidDetail::Manager)?;
    Ok(Some(found.id))
}

fn set_text(details: &mut AccountDetails, property: Property, text: &str) {
    if text.is_empty() {
        details.texts.remove(&property);
    } else {
        details.texts.insert(property, text.to_owned());
    }
}

/// What the audit trail says: which detail it was, and the value of those that are not personal.
fn detail(change: &DetailsChange) -> Value {
    let mut detail = Map::new();
    detail.insert("field".to_owned(), change.field().into());
    let value = match change {
        DetailsChange::Quota(quota) => Some(quota.to_string()),
        DetailsChange::Manager(login) => login.clone(),
        DetailsChange::Scope(property, scope) => Some(format!("{property} {scope}")),
        _ => None,
    };
    detail.extend(value.map(|value| ("value".to_owned(), value.into())));
    detail.into()
}
