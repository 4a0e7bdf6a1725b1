//! Giving, judging and revoking.

use auth_claims::revocations::RevocationReason;
use chrono::NaiveDateTime;
use store::{DbConn, StoreError};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::rows::{self, TokenRow};
use super::{AccountToken, AccountTokenStanding, PlainAccountToken};
use crate::Identity;
use crate::accounts::{self, Account, AccountId};
use crate::audit::Origin;
use crate::device_sessions;
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::master::Purpose;
use crate::revocations::{self, Revocation};

/// An id no account has: looking for it costs what looking for one that there is costs.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

impl Identity {
    /// The token of an account: the one it has, or a new one. Who asks for it is not looked at, see
    /// [`account_token_of_sign_in`](Self::account_token_of_sign_in). Of any number of first sign-ins at
    /// the same time all get the same.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`] for an account that was deleted meanwhile; those of the database.
    #[tracing::instrument(name = "account_token.give", skip_all, fields(account.id = %account.id))]
    pub async fn account_token(
        &self,
        account: &Account,
        origin: &Origin,
    ) -> Result<PlainAccountToken, IdentityError> {
        let id = account.id;
        if let Some(row) = self.db.look_up(move |conn| rows::find(conn, id)).await? {
            return self.opened(&row);
        }
        let act = self.act(&Origin { actor: Some(id.to_string()), ..origin.clone() });
        let new = self.sealed(id, &PlainAccountToken::generate()?, act.stamp())?;
        let give = move |conn: &mut DbConn| {
            // Deleting the account waits, or is waited for: no token is left without its account.
            device_sessions::hold(conn, &id.to_string())?;
            accounts::find(conn, id)?.ok_or(IdentityError::Unknown("account"))?;
            Ok::<_, IdentityError>(rows::give(conn, &act, &new)?)
        };
        let row = self.db.write(give).await?;
        self.opened(&row)
    }

    /// Whose token this is, and what has become of them. The same queries whatever it is (threat 17).
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "account_token.find", skip_all)]
    pub async fn find_account_token(&self, token: &str) -> Result<AccountTokenStanding, IdentityError> {
        // What has another form is nobody's: what is looked up instead is nobody's either.
        let token = PlainAccountToken::parse(token);
        let mac = self
            .secrets
            .mac(Purpose::AccountToken, token.as_ref().map_or("", PlainAccountToken::expose).as_bytes());
        let find = move |conn: &mut DbConn| {
            let row = rows::find_by_mac(conn, &mac)?;
            let stored = row.as_ref().map_or(&[0; 32][..], |row| &row.token_mac);
            let right: bool = stored.ct_eq(&mac).into();
            let row = row.filter(|_| right);
            let id = row.as_ref().map_or(NOBODY, |row| &row.account_id);
            let id = id.parse().map_err(|error| StoreError::corrupt("account_tokens.account_id", error))?;
            let account = accounts::find(conn, id)?;
            Ok::<_, StoreError>(row.map_or(AccountTokenStanding::Unknown, |row| standing(row, account)))
        };
        Ok(self.db.look_up(find).await?)
    }

    /// What may be told of the token of an account, if it has one.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn account_token_of(&self, id: AccountId) -> Result<Option<AccountToken>, IdentityError> {
        Ok(self.db.look_up(move |conn| rows::find(conn, id)).await?.map(AccountToken::from))
    }

    /// The value of an account's token, for an operator; the audit trail has it. None is made.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn reveal_account_token(
        &self,
        id: AccountId,
        origin: &Origin,
    ) -> Result<Option<PlainAccountToken>, IdentityError> {
        let act = self.act(origin);
        let reveal = move |conn: &mut DbConn| {
            let row = rows::find(conn, id)?;
            if let Some(row) = &row {
                act.record(conn, "account_token.reveal", &row.sid, None)?;
            }
            Ok::<_, StoreError>(row)
        };
        self.db.write(reveal).await?.map(|row| self.opened(&row)).transpose()
    }

    /// Ends the token of an account, and everything issued for it. Whether there was one. The next sign-in makes another.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn revoke_account_token(&self, id: AccountId, origin: &Origin) -> Result<bool, IdentityError> {
        let act = self.act(origin);
        self.write_revoking(move |conn| {
            // Of many at once one revokes it; the others find nothing.
            Lock::Revocations.take(conn)?;
            let Some(row) = rows::find(conn, id)? else { return Ok(false) };
            rows::delete(conn, &row.sid)?;
            let revoked = Revocation::of_session(&row.sid, RevocationReason::Revoked, act.by_now());
            revocations::revoke(conn, &revoked)?;
            act.record(conn, "account_token.revoke", &row.sid, None)?;
            Ok(true)
        })
        .await
    }

    pub(super) fn sealed(
        &self,
        id: AccountId,
        token: &PlainAccountToken,
        created_at: NaiveDateTime,
    ) -> Result<TokenRow, IdentityError> {
        let value = token.expose().as_bytes();
        let sealed = self.secrets.sealer().seal(value, &purpose(&id.to_string()));
        Ok(TokenRow {
            account_id: id.to_string(),
            token_mac: self.secrets.mac(Purpose::AccountToken, value).to_vec(),
            sealed: sealed.map_err(|error| StoreError::corrupt("account token", error))?,
            sid: Uuid::new_v4().to_string(),
            created_at,
            deleted_at: None,
        })
    }

    pub(super) fn opened(&self, row: &TokenRow) -> Result<PlainAccountToken, IdentityError> {
        let corrupt = |reason: &str| StoreError::corrupt("account_tokens.sealed", reason);
        let value = self.secrets.sealer().open(&row.sealed, &purpose(&row.account_id));
        let value = value.map_err(|error| corrupt(&error.to_string()))?;
        let token = std::str::from_utf8(&value).ok().and_then(PlainAccountToken::parse);
        Ok(token.ok_or_else(|| corrupt("not an account token"))?)
    }
}

/// A sealed token opens in the row of its own account only.
pub(super) fn purpose(account: &str) -> Vec<u8> {
    format!("account-token:{account}").into_bytes()
}

fn standing(row: TokenRow, account: Option<Account>) -> AccountTokenStanding {
    match account {
        Some(account) if row.deleted_at.is_none() && account.enabled => {
            AccountTokenStanding::Usable { account, sid: row.sid, created_at: row.created_at.and_utc() }
        }
        Some(account) if row.deleted_at.is_none() => AccountTokenStanding::Disabled(account),
        _ => AccountTokenStanding::Deleted,
    }
}
