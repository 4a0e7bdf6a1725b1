//! Asking what is revoked, as of now.

use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, Utc};
use store::StoreError;
use tokio::time::Instant;

use super::known::{Known, Suspect};
use super::rows;
use crate::Identity;
use crate::accounts::{self, Account, AccountId, EmailKey};
use crate::errors::IdentityError;

/// An access token as the directory sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStanding {
    /// Why it is revoked, if it is.
    pub revoked: Option<RevocationReason>,
    /// The name of its subject; none where the account is disabled or gone.
    pub username: Option<String>,
}

impl Identity {
    /// Why an access token is revoked, if it is, as of now, whichever process has revoked it: for whoever issues or changes
    /// something by it. Here no earlier look at the counter counts: what is issued between a commit and its acknowledgement
    /// could belong to the next second already, and so outlive what was revoked.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_revocation(
        &self,
        claims: &AccessClaims,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        let last = self.look_at_counter().await?;
        self.token_revocation(claims, last).await
    }

    /// Why everything is revoked that an account had at this instant, if it is, as of now.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_account_revocation(
        &self,
        account: AccountId,
        issued_at: DateTime<Utc>,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        let last = self.look_at_counter().await?;
        self.account_revocation(account, issued_at, last).await
    }

    /// The account with this e-mail address, and why everything is revoked that it had at this instant, if it is: what
    /// [`Identity::find_account_revocation`] says right after the account was read.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_account_by_email_at(
        &self,
        email: &EmailKey,
        issued_at: DateTime<Utc>,
    ) -> Result<Option<(Account, Option<RevocationReason>)>, IdentityError> {
        let (asked, email) = (Instant::now(), email.clone());
        let work = move |conn: &mut _| accounts::find_by_email_counted(conn, &email);
        let Some((account, last)) = self.db().look_up::<_, StoreError, _>(work).await? else {
            return Ok(None);
        };
        self.tokens().feed.known().lease.renew(asked, last);
        let revoked = self.account_revocation(account.id, issued_at, last).await?;
        Ok(Some((account, revoked)))
    }

    /// Whether an access token is revoked, and whose it is, for whoever tells somebody of it: one query at most, as a rule, and
    /// none where the counter was looked at just now. Of what was acknowledged as revoked nothing is missed.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_token_standing(&self, claims: &AccessClaims) -> Result<TokenStanding, IdentityError> {
        let (last, username) = match claims.kind {
            SubjectKind::Client => (self.feed_counter().await?, Some(claims.sub.clone())),
            SubjectKind::User => self.feed_counter_and_login(&claims.sub).await?,
        };
        Ok(TokenStanding { revoked: self.token_revocation(claims, last).await?, username })
    }

    async fn feed_counter(&self) -> Result<i64, IdentityError> {
        match self.tokens().feed.known().lease.counter() {
            Some(last) => Ok(last),
            None => self.look_at_counter().await,
        }
    }

    async fn look_at_counter(&self) -> Result<i64, IdentityError> {
        let asked = Instant::now();
        let last = self.db().look_up(rows::last_seq).await?;
        self.tokens().feed.known().lease.renew(asked, last);
        Ok(last)
    }

    /// [`Identity::feed_counter`], and the login of an account that is enabled.
    async fn feed_counter_and_login(&self, account: &str) -> Result<(i64, Option<String>), IdentityError> {
        let Known { lease, names, .. } = self.tokens().feed.known();
        if let Some(last) = lease.counter()
            && let Some(login) = names.at(account, last)
        {
            return Ok((last, Some(login)));
        }
        let (asked, named) = (Instant::now(), account.to_owned());
        let (last, login) = self.db().look_up(move |conn| rows::last_seq_and_login(conn, &named)).await?;
        lease.renew(asked, last);
        if let Some(login) = &login {
            names.note(account, login, last);
        }
        Ok((last, login))
    }

    async fn account_revocation(
        &self,
        account: AccountId,
        issued_at: DateTime<Utc>,
        last: i64,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        match self.tokens().feed.known().account(account, issued_at, last) {
            Ok(known) => Ok(known),
            Err(_behind) => self.read_on(Suspect::Account(account, issued_at)).await,
        }
    }

    async fn token_revocation(
        &self,
        claims: &AccessClaims,
        last: i64,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        match self.tokens().feed.known().token(claims, last) {
            Ok(known) => Ok(known),
            Err(_behind) => self.read_on(Suspect::Token(Box::new(claims.clone()))).await,
        }
    }

    async fn read_on(&self, suspect: Suspect) -> Result<Option<RevocationReason>, IdentityError> {
        let (feed, now) = (self.tokens().feed.clone(), self.clock().unix());
        let work = move |conn: &mut _| feed.known().read_on(conn, &suspect, now);
        Ok(self.db().read::<_, StoreError, _>(work).await?)
    }
}
