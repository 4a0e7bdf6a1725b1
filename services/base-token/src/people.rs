//! What handlers ask the directory for.

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use auth_client::directory::{DirectoryGroup, MOST_PEOPLE, Membership};

use crate::api::views::People;
use crate::app::{App, AppError};
use crate::domain::id::AccountId;
use crate::domain::workspace::Owner;
use crate::store::workspaces;
use crate::urls::Urls;

impl App {
    /// The people of these accounts, as this request is told of them. Nobody is asked about nobody.
    ///
    /// # Errors
    /// The directory does not answer.
    pub async fn people<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a AccountId>,
        request: &HttpRequest,
    ) -> Result<People, AppError> {
        let ids: BTreeSet<&str> = accounts.into_iter().map(AccountId::as_str).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let mut persons = Vec::with_capacity(ids.len());
        for some in ids.chunks(MOST_PEOPLE) {
            persons.extend(self.directory.people(some).await?);
        }
        Ok(People::new(persons, Urls::for_request(&self.settings, &self.origin, request).server))
    }

    /// The groups of an account, by number, and what it is in each.
    ///
    /// # Errors
    /// The directory does not answer.
    pub async fn groups_and_roles(&self, account: &AccountId) -> Result<Vec<Membership>, AppError> {
        let mut memberships = self.directory.groups_of(account.as_str()).await?;
        memberships.sort_by_key(|membership| membership.group.number);
        Ok(memberships)
    }

    /// The groups of an account, by number.
    ///
    /// # Errors
    /// The directory does not answer.
    pub async fn groups_of(&self, account: &AccountId) -> Result<Vec<DirectoryGroup>, AppError> {
        let memberships = self.groups_and_roles(account).await?;
        Ok(memberships.into_iter().map(|membership| membership.group).collect())
    }

    /// The workspace of an owner, made if it is missing. Whether there is such an owner is for the caller to know.
    ///
    /// # Errors
    /// The database's.
    pub async fn workspace_of(&self, owner: Owner) -> Result<i64, AppError> {
        let looked_for = owner.clone();
        if let Some(found) = self.db.read(move |conn| workspaces::find_of(conn, &looked_for)).await? {
            return Ok(found.id);
        }
        let now = self.clock.now();
        let made = self.db.write(move |conn| workspaces::ensure(conn, &owner, now)).await?;
        Ok(made.id)
    }
}
