//! Making, listing and revoking.

use auth_claims::revocations::RevocationReason;
use serde_json::json;
use store::{DbConn, StoreError};
use uuid::{NoContext, Timestamp, Uuid};

use super::rows::{self, PasswordRow};
use super::{AppPassword, PlainAppPassword};
use crate::Identity;
use crate::accounts::{self, AccountId};
use crate::act::Act;
use crate::audit::Origin;
use crate::device_sessions;
use crate::errors::IdentityError;
use crate::faults::Faults;
use crate::locks::Lock;
use crate::master::Purpose;
use crate::revocations::{self, Revocation};
use crate::text::{MAX_LIST, MAX_NAME, note};

/// The app passwords of an account, the oldest first.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut DbConn, account: AccountId) -> Result<Vec<AppPassword>, StoreError> {
    rows::list(conn, &account.to_string())?.into_iter().map(AppPassword::try_from).collect()
}

/// Ends one, and everything issued for it. Whether the account had it. Run it with
/// [`Identity::write_revoking`].
///
/// # Errors
/// Those of the database.
pub fn revoke(conn: &mut DbConn, act: &Act, account: AccountId, id: &str) -> Result<bool, StoreError> {
    // Of many at once one revokes it; the others find nothing.
    Lock::Revocations.take(conn)?;
    let Some(row) = rows::find(conn, account, id)? else { return Ok(false) };
    end(conn, act, &row)?;
    Ok(true)
}

/// Ends all that an account has, and returns how many those were. Run it with [`Identity::write_revoking`].
///
/// # Errors
/// Those of the database.
pub fn revoke_all(conn: &mut DbConn, act: &Act, account: AccountId) -> Result<usize, StoreError> {
    Lock::Revocations.take(conn)?;
    let rows = rows::list(conn, &account.to_string())?;
    for row in &rows {
        end(conn, act, row)?;
    }
    Ok(rows.len())
}

fn end(conn: &mut DbConn, act: &Act, row: &PasswordRow) -> Result<(), StoreError> {
    rows::delete(conn, &row.sid)?;
    revocations::revoke(conn, &Revocation::of_session(&row.sid, RevocationReason::Revoked, act.by_now()))?;
    act.record(conn, "app_password.revoke", &row.account_id, Some(json!({ "id": row.id, "name": row.name })))
}

impl Identity {
    /// Makes an app password called `name`. Two of an account may have the same name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for a name that cannot be one, or when the account has a hundred already;
    /// [`IdentityError::Unknown`].
    #[tracing::instrument(name = "app_password.create", skip_all, fields(account.id = %account))]
    pub async fn create_app_password(
        &self,
        account: AccountId,
        name: &str,
        origin: &Origin,
    ) -> Result<(AppPassword, PlainAppPassword), IdentityError> {
        let mut faults = Faults::default();
        note(&mut faults, "name", name, MAX_NAME);
        faults.into_result(())?;
        let (secret, act) = (PlainAppPassword::generate()?, self.act(origin));
        let row = PasswordRow {
            id: new_id(&act),
            account_id: account.to_string(),
            name: name.to_owned(),
            mac: self.secrets.mac(Purpose::AppPassword, secret.expose().as_bytes()).to_vec(),
            sid: Uuid::new_v4().to_string(),
            created_at: act.stamp(),
            last_used_at: None,
        };
        let create = move |conn: &mut DbConn| {
            device_sessions::hold(conn, &row.account_id)?;
            accounts::find(conn, account)?.ok_or(IdentityError::Unknown("account"))?;
            has_room(conn, account)?;
            rows::insert(conn, &row)?;
            let detail = json!({ "id": row.id, "name": row.name });
            act.record(conn, "app_password.create", &row.account_id, Some(detail))?;
            Ok::<_, IdentityError>(AppPassword::try_from(row.clone())?)
        };
        Ok((self.db.write(create).await?, secret))
    }

    /// The app passwords of an account, the oldest first.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn list_app_passwords(&self, account: AccountId) -> Result<Vec<AppPassword>, IdentityError> {
        Ok(self.db.read(move |conn| list(conn, account)).await?)
    }

    /// Ends an app password, and everything issued for it. Whether the account had it.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "app_password.revoke", skip_all, fields(account.id = %account))]
    pub async fn revoke_app_password(
        &self,
        account: AccountId,
        id: &str,
        origin: &Origin,
    ) -> Result<bool, IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.write_revoking(move |conn| Ok(revoke(conn, &act, account, &id)?)).await
    }
}

fn has_room(conn: &mut DbConn, account: AccountId) -> Result<(), IdentityError> {
    let mut faults = Faults::default();
    if usize::try_from(rows::count(conn, account)?).is_ok_and(|count| count >= MAX_LIST) {
        faults.push("account", format!("has {MAX_LIST} app passwords already: revoke one first"));
    }
    Ok(faults.into_result(())?)
}

fn new_id(act: &Act) -> String {
    let seconds = u64::try_from(act.now().timestamp()).unwrap_or_default();
    let made = Timestamp::from_unix(NoContext, seconds, act.now().timestamp_subsec_nanos());
    Uuid::new_v7(made).to_string()
}
