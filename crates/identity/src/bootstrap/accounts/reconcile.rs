//! Making an account what the file declares.

use secrecy::SecretString;
use store::DbConn;

use super::{CheckedAccount, DeclaredPassword, KIND};
use crate::{
    accounts::{self, Account, AccountProfile, EmailKey},
    bootstrap::{
        Action, declarations,
        pass::{Declared, Pass},
    },
    errors::IdentityError,
    master::Secrets,
    passwords::{EncodedHash, PasswordHasher, Verdict},
    text::fold,
};

/// Login keys and passwords that have to be hashed before the transaction.
pub(in crate::bootstrap) fn to_hash(
    conn: &mut DbConn,
    secrets: &Secrets,
    entries: &[CheckedAccount],
) -> Result<Vec<(String, SecretString)>, IdentityError> {
    let mut needed = Vec::new();
    for entry in entries {
        let Some(DeclaredPassword::Plain(password)) = &entry.password else { continue };
        let key = fold(&entry.declared.login);
        let wanted = DeclaredPassword::Plain(password.clone()).fingerprint(secrets, &key);
        let known = match current(conn, entry)? {
            Some(account) => declarations::find(conn, KIND, &account.id.to_string(), account.created_at)?,
            None => None,
        };
        if known.and_then(|known| known.fingerprint) != Some(wanted) {
            needed.push((key, password.clone()));
        }
    }
    Ok(needed)
}

/// The account a declaration is about: of its login, or else a provisional one of its e-mail address.
fn current(conn: &mut DbConn, entry: &CheckedAccount) -> Result<Option<Account>, IdentityError> {
    if let Some(account) = accounts::find_by_login(conn, &entry.declared.login)? {
        return Ok(Some(account));
    }
    let email = entry.declared.email.as_ref().and_then(|email| email.parse::<EmailKey>().ok());
    let Some(email) = email else { return Ok(None) };
    Ok(accounts::find_by_email(conn, &email)?.filter(|account| account.provisional))
}

pub(in crate::bootstrap) fn reconcile(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    entry: &CheckedAccount,
) -> Result<(), IdentityError> {
    let outcome = match current(conn, entry)? {
        None => create(conn, pass, entry),
        Some(account) => {
            // Read again under its lock: what somebody else is changing just now is not to be lost.
            let account = accounts::find_for_change(conn, account.id)?.unwrap_or(account);
            update(conn, pass, entry, &account)
        }
    };
    let Some(Some((change, row))) = pass.absorb(&entry.path, outcome)? else { return Ok(()) };
    if let Some((action, fields)) = change {
        pass.change(action, KIND, &entry.declared.login, fields);
    }
    Ok(pass.declare(conn, KIND, row)?)
}

/// What was changed, if anything, and what is left in the row. Nothing at all if the entry had faults of its own.
type Reconciled = Option<(Option<(Action, Vec<&'static str>)>, Declared)>;

fn create(conn: &mut DbConn, pass: &Pass<'_>, entry: &CheckedAccount) -> Result<Reconciled, IdentityError> {
    let Some(profile) = &entry.profile else { return Ok(None) };
    let hash = hash_of(pass, entry)?;
    let account = accounts::insert(conn, pass.act, profile, hash.as_ref())?;
    let mut fields = entry.declared.put_over(&mut AccountProfile::new(String::new()));
    if entry.password.is_some() {
        fields.push("password");
    }
    Ok(Some((Some((Action::Create, fields)), row(pass, entry, &account, true))))
}

fn update(
    conn: &mut DbConn,
    pass: &Pass<'_>,
    entry: &CheckedAccount,
    account: &Account,
) -> Result<Reconciled, IdentityError> {
    let mut desired = AccountProfile::from(account);
    let mut fields = entry.declared.put_over(&mut desired);
    if !fields.is_empty() {
        accounts::update(conn, pass.act, account.id, &desired.check()?)?;
    }
    let row = row(pass, entry, account, false);
    if differs(conn, pass, entry, account, &row)?
        && let Some(hash) = hash_of(pass, entry)?
    {
        accounts::set_password(conn, pass.act, account.id, &hash)?;
        fields.push("password");
    }
    Ok(Some(((!fields.is_empty()).then_some((Action::Update, fields)), row)))
}

fn row(pass: &Pass<'_>, entry: &CheckedAccount, account: &Account, made: bool) -> Declared {
    let key = fold(&entry.declared.login);
    let fingerprint = entry.password.as_ref().map(|password| password.fingerprint(pass.secrets, &key));
    Declared { id: account.id.to_string(), created_at: account.created_at, made, fingerprint }
}

/// Whether the declared password has to be set: it was not declared before, and is not the account's own.
fn differs(
    conn: &mut DbConn,
    pass: &Pass<'_>,
    entry: &CheckedAccount,
    account: &Account,
    row: &Declared,
) -> Result<bool, IdentityError> {
    let Some(password) = &entry.password else { return Ok(false) };
    let known = declarations::find(conn, KIND, &row.id, row.created_at)?;
    if known.as_ref().is_some_and(|known| known.fingerprint == row.fingerprint) {
        return Ok(false);
    }
    let never_declared = known.is_none_or(|known| known.fingerprint.is_none());
    let stored = if never_declared { accounts::password_hash(conn, account.id)? } else { None };
    Ok(match (stored, password) {
        (None, _) => true,
        (Some(stored), DeclaredPassword::Imported(hash)) => stored != *hash,
        (Some(stored), DeclaredPassword::Plain(password)) => !matches(pass.hasher, &stored, password)?,
    })
}

fn matches(
    hasher: &PasswordHasher,
    stored: &EncodedHash,
    password: &SecretString,
) -> Result<bool, IdentityError> {
    Ok(hasher.verify_blocking(stored, password)? != Verdict::Mismatch)
}

/// The hash to store for the declared password. One that a concurrent change has made necessary is computed here.
fn hash_of(pass: &Pass<'_>, entry: &CheckedAccount) -> Result<Option<EncodedHash>, IdentityError> {
    Ok(match &entry.password {
        None => None,
        Some(DeclaredPassword::Imported(hash)) => Some(hash.clone()),
        Some(DeclaredPassword::Plain(_)) if pass.planning => Some(pass.hasher.dummy().clone()),
        Some(DeclaredPassword::Plain(password)) => match pass.ready.get(&fold(&entry.declared.login)) {
            Some(hash) => Some(hash.clone()),
            None => Some(pass.hasher.hash_blocking(password)?),
        },
    })
}
