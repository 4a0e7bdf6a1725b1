//! Changes to accounts. Each writes its audit row, and the revocation it entails, in the caller's transaction.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{
    Account, AccountId, CheckedProfile, EmailKey, departure, find, find_for_change,
    memberships::{self, check_references},
    schema::{account_emails, account_passwords, accounts},
};
use crate::{
    act::Act,
    directory_search,
    errors::IdentityError,
    locks::Lock,
    otp,
    passwords::EncodedHash,
    revocations::{self, Revocation},
    text::to_json,
};

/// Makes an account.
///
/// # Errors
/// [`IdentityError::Taken`] for a login or e-mail address in use, [`IdentityError::Invalid`] for unknown
/// organisations or groups.
pub fn insert(
    conn: &mut DbConn,
    act: &Act,
    profile: &CheckedProfile,
    password: Option<&EncodedHash>,
) -> Result<Account, IdentityError> {
    check_references(conn, profile)?;
    check_unique(conn, None, profile)?;
    let id = AccountId::new(act.now());
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id.to_string()),
            columns(profile)?,
            accounts::enabled.eq(true),
            accounts::created_at.eq(act.stamp()),
            accounts::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "login or e-mail address"))?;
    memberships::write(conn, id, None, profile)?;
    directory_search::fold_name(conn, id, profile.profile.display_name.as_ref())?;
    if let Some(hash) = password {
        write_hash(conn, act, id, hash)?;
    }
    let mut detail = memberships::changes(None, &profile.profile);
    detail.insert("login".to_owned(), profile.profile.login.as_str().into());
    act.record(conn, "account.create", &id.to_string(), Some(detail.into()))?;
    if !profile.profile.enabled {
        set_enabled(conn, act, id, false)?;
    }
    load(conn, id)
}

/// Gives an account this profile in place of its own. Its password stays.
///
/// # Errors
/// As [`insert`], and [`IdentityError::Unknown`].
pub fn update(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    profile: &CheckedProfile,
) -> Result<Account, IdentityError> {
    let current = find_for_change(conn, id)?.ok_or(IdentityError::Unknown("account"))?;
    check_references(conn, profile)?;
    check_unique(conn, Some(id), profile)?;
    let changed = diesel::update(accounts::table.find(id.to_string()))
        .set((columns(profile)?, accounts::updated_at.eq(act.stamp())))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "login or e-mail address"))?;
    if changed == 0 {
        return Err(IdentityError::Unknown("account"));
    }
    if email_key(current.email.as_ref()) != profile.email_key {
        vouch_for_email(conn, id, true)?;
    }
    if current.login != profile.profile.login {
        revocations::move_on(conn)?;
    }
    memberships::write(conn, id, Some(&current), profile)?;
    directory_search::fold_name(conn, id, profile.profile.display_name.as_ref())?;
    let detail = memberships::changes(Some(&current), &profile.profile);
    act.record(conn, "account.update", &id.to_string(), (!detail.is_empty()).then(|| detail.into()))?;
    set_enabled(conn, act, id, profile.profile.enabled)
}

/// Notes whether somebody may be believed who has just said what the e-mail address of an account is. Whoever changes it by
/// [`insert`] and [`update`] is believed until then.
///
/// # Errors
/// Those of the database.
pub fn vouch_for_email(conn: &mut DbConn, id: AccountId, vouched: bool) -> Result<(), StoreError> {
    let row = diesel::update(account_emails::table.find(id.to_string()));
    row.set(account_emails::email_vouched.eq(vouched)).execute(conn)?;
    Ok(())
}

fn email_key(email: Option<&String>) -> Option<EmailKey> {
    email.and_then(|email| email.parse().ok())
}

/// Notes that an account was changed just now.
pub(crate) fn touch(conn: &mut DbConn, act: &Act, id: AccountId) -> Result<(), StoreError> {
    let row = diesel::update(accounts::table.find(id.to_string()));
    row.set(accounts::updated_at.eq(act.stamp())).execute(conn)?;
    Ok(())
}

/// Enables or disables an account. While it is disabled, every token it has is revoked.
///
/// # Errors
/// [`IdentityError::Unknown`].
pub fn set_enabled(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    enabled: bool,
) -> Result<Account, IdentityError> {
    let other = accounts::table.find(id.to_string()).filter(accounts::enabled.ne(enabled));
    let changed = diesel::update(other)
        .set((accounts::enabled.eq(enabled), accounts::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        revocations::tells();
        return load(conn, id);
    }
    if enabled {
        revocations::lift(conn, RevocationKind::Sub, &id.to_string(), act.now())?;
    } else {
        revoke(conn, act, id, RevocationReason::AccountDisabled)?;
    }
    let action = if enabled { "account.enable" } else { "account.disable" };
    act.record(conn, action, &id.to_string(), None)?;
    load(conn, id)
}

/// Gives an account another password. Tokens issued before are revoked, refresh tokens and device sessions included.
///
/// # Errors
/// [`IdentityError::Unknown`].
pub fn set_password(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    hash: &EncodedHash,
) -> Result<(), IdentityError> {
    set_password_on(conn, act, id, hash, None)
}

/// [`set_password`], with one device session left alone: the one that asked for it.
pub(crate) fn set_password_on(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    hash: &EncodedHash,
    kept: Option<&str>,
) -> Result<(), IdentityError> {
    let changed = diesel::update(accounts::table.find(id.to_string()))
        .set((accounts::provisional.eq(false), accounts::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        return Err(IdentityError::Unknown("account"));
    }
    write_hash(conn, act, id, hash)?;
    otp::forget_devices(conn, id)?;
    revoke_but(conn, act, id, RevocationReason::PasswordChanged, kept)?;
    Ok(act.record(conn, "account.set_password", &id.to_string(), None)?)
}

/// Removes an account with everything that could sign in, and revokes its tokens. The audit row says what has gone with it;
/// services that keep something of it in databases of their own hear of it by the revocation.
///
/// # Errors
/// [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: AccountId) -> Result<(), IdentityError> {
    // Held, so that nothing is added to it between the count and the end.
    find_for_change(conn, id)?.ok_or(IdentityError::Unknown("account"))?;
    let gone = departure::of_account(conn, id)?;
    // Memberships, groups and refresh tokens go with the row.
    if diesel::delete(accounts::table.find(id.to_string())).execute(conn)? == 0 {
        return Err(IdentityError::Unknown("account"));
    }
    revoke(conn, act, id, RevocationReason::AccountDeleted)?;
    let detail = (!gone.is_empty()).then(|| serde_json::json!({ "gone": gone }));
    Ok(act.record(conn, "account.delete", &id.to_string(), detail)?)
}

/// Replaces a hash by a better one of the same password, unless the password has changed meanwhile.
pub(super) fn upgrade_hash(
    conn: &mut DbConn,
    id: AccountId,
    old: &str,
    new: &EncodedHash,
) -> Result<bool, StoreError> {
    let same = account_passwords::table.find(id.to_string()).filter(account_passwords::hash.eq(old));
    Ok(diesel::update(same).set(account_passwords::hash.eq(new.to_stored())).execute(conn)? == 1)
}

fn write_hash(conn: &mut DbConn, act: &Act, id: AccountId, hash: &EncodedHash) -> Result<(), StoreError> {
    let (hash, now) =
        (account_passwords::hash.eq(hash.to_stored()), account_passwords::updated_at.eq(act.stamp()));
    let row = (account_passwords::account_id.eq(id.to_string()), hash.clone(), now);
    on_backend!(conn, |c| diesel::insert_into(account_passwords::table)
        .values(row)
        .on_conflict(account_passwords::account_id)
        .do_update()
        .set((hash, now))
        .execute(c))?;
    Ok(())
}

fn revoke(conn: &mut DbConn, act: &Act, id: AccountId, reason: RevocationReason) -> Result<(), StoreError> {
    revoke_but(conn, act, id, reason, None)
}

fn revoke_but(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    reason: RevocationReason,
    kept: Option<&str>,
) -> Result<(), StoreError> {
    // Waits for its turn before it looks at the clock.
    Lock::Revocations.take(conn)?;
    revocations::revoke_but(conn, &Revocation::of_account(id, reason, act.by_now()), kept).map(|_| ())
}

fn load(conn: &mut DbConn, id: AccountId) -> Result<Account, IdentityError> {
    find(conn, id)?.ok_or(IdentityError::Unknown("account"))
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
struct Columns {
    login: String,
    login_key: String,
    email: Option<String>,
    email_key: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    service_id: Option<String>,
    roles: String,
    provisional: bool,
}

fn columns(checked: &CheckedProfile) -> Result<Columns, StoreError> {
    let profile = &checked.profile;
    Ok(Columns {
        login: profile.login.clone(),
        login_key: checked.login_key.clone(),
        email: profile.email.clone(),
        email_key: checked.email_key.as_ref().map(EmailKey::to_string),
        given_name: profile.given_name.clone(),
        family_name: profile.family_name.clone(),
        display_name: profile.display_name.clone(),
        organization_id: profile.organization_id.clone(),
        service_id: profile.service_id.clone(),
        roles: to_json(&profile.roles)?,
        provisional: false,
    })
}

fn check_unique(
    conn: &mut DbConn,
    own: Option<AccountId>,
    checked: &CheckedProfile,
) -> Result<(), IdentityError> {
    let own = own.map(|id| id.to_string()).unwrap_or_default();
    let others = || accounts::table.filter(accounts::id.ne(&own)).select(accounts::number);
    let login = others().filter(accounts::login_key.eq(&checked.login_key));
    if login.first::<i64>(conn).optional()?.is_some() {
        return Err(IdentityError::Taken("login"));
    }
    let Some(key) = &checked.email_key else { return Ok(()) };
    let email = others().filter(accounts::email_key.eq(key.as_str()));
    match email.first::<i64>(conn).optional()? {
        Some(_) => Err(IdentityError::Taken("e-mail address")),
        None => Ok(()),
    }
}
