//! Accounts, as services ask for them.

use store::StoreError;

use super::{
    Account, AccountFilter, AccountId, AccountProfile, CheckedProfile, EmailKey, NewAccount, NewPassword,
    ProvisionRefusal, changes, provisional, queries,
};
use crate::{audit::Origin, errors::IdentityError, identity::Identity, pages::Page, passwords::EncodedHash};
use secrecy::SecretString;

impl Identity {
    /// Makes an account.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`], [`IdentityError::Password`].
    pub async fn create_account(&self, new: NewAccount, origin: &Origin) -> Result<Account, IdentityError> {
        let profile = new.profile.check()?;
        let hash = match new.password {
            NewPassword::None => None,
            NewPassword::Plain(password) => Some(self.hasher.hash(&password).await?),
            NewPassword::Imported(hash) => Some(hash),
        };
        let act = self.act(origin);
        self.write_revoking(move |conn| changes::insert(conn, &act, &profile, hash.as_ref())).await
    }

    /// Gives an account this profile in place of its own.
    ///
    /// # Errors
    /// As [`create_account`](Self::create_account), and [`IdentityError::Unknown`].
    pub async fn update_account(
        &self,
        id: AccountId,
        profile: AccountProfile,
        origin: &Origin,
    ) -> Result<Account, IdentityError> {
        let (profile, act): (CheckedProfile, _) = (profile.check()?, self.act(origin));
        self.write_revoking(move |conn| changes::update(conn, &act, id, &profile)).await
    }

    /// Enables or disables an account.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`].
    pub async fn set_account_enabled(
        &self,
        id: AccountId,
        enabled: bool,
        origin: &Origin,
    ) -> Result<Account, IdentityError> {
        let act = self.act(origin);
        self.write_revoking(move |conn| changes::set_enabled(conn, &act, id, enabled)).await
    }

    /// Gives an account another password and revokes what was issued before.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`], [`IdentityError::Password`].
    pub async fn set_password(
        &self,
        id: AccountId,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<(), IdentityError> {
        let hash: EncodedHash = self.hasher.hash(password).await?;
        let act = self.act(origin);
        self.write_revoking(move |conn| changes::set_password(conn, &act, id, &hash)).await
    }

    /// Removes an account with everything that could sign in, and revokes its tokens.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`].
    pub async fn delete_account(&self, id: AccountId, origin: &Origin) -> Result<(), IdentityError> {
        let act = self.act(origin);
        self.write_revoking(move |conn| changes::delete(conn, &act, id)).await
    }

    /// The account with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_account(&self, id: AccountId) -> Result<Option<Account>, IdentityError> {
        Ok(self.db.look_up(move |conn| queries::find(conn, id)).await?)
    }

    /// The account with this e-mail address.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_account_by_email(&self, email: &EmailKey) -> Result<Option<Account>, IdentityError> {
        let email = email.clone();
        Ok(self.db.look_up(move |conn| queries::find_by_email(conn, &email)).await?)
    }

    /// The account with this login, without regard to case.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_account_by_login(&self, login: &str) -> Result<Option<Account>, IdentityError> {
        let login = login.to_owned();
        Ok(self.db.look_up(move |conn| queries::find_by_login(conn, &login)).await?)
    }

    /// Accounts in the order of their numbers.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_accounts(
        &self,
        filter: AccountFilter,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Page<Account, i64>, IdentityError> {
        let page = move |conn: &mut _| queries::list(conn, &filter, after, limit);
        Ok(self.db.read::<_, StoreError, _>(page).await?)
    }

    /// The account of this e-mail address, made if there is none; the flag tells whether it was.
    ///
    /// # Errors
    /// [`ProvisionRefusal`].
    pub async fn provision_account(
        &self,
        email: &str,
        origin: &Origin,
    ) -> Result<(Account, bool), ProvisionRefusal> {
        let email = email.trim().to_owned();
        let key: EmailKey = email.parse()?;
        if let Some(account) = self.find_account_by_email(&key).await? {
            return Ok((account, false));
        }
        let act = self.act(origin);
        let made = self.db.write(move |conn| provisional::provision(conn, &act, &email, &key)).await?;
        made.ok_or(ProvisionRefusal::Lost)
    }
}
