//! People and groups, straight from the directory: what `/internal/directory` answers over HTTP, too.

use auth_client::directory::{
    Directory, DirectoryError, DirectoryGroup, GroupRole, MOST_MEMBERS, MOST_PEOPLE, Membership, Person,
};
use futures_util::future::{BoxFuture, FutureExt as _};
use identity::accounts::{Account, AccountId};
use identity::audit::Origin;
use identity::groups::{self, GroupStanding};
use identity::{Identity, IdentityError};

/// The directory as one service sees it.
pub(crate) struct InProcessDirectory {
    identity: Identity,
    origin: Origin,
}

/// Why the directory did not do it.
pub(crate) enum DirectoryFailure {
    /// It is not allowed, or what it is about is not there.
    Refused(String),
    /// Something failed.
    Failed(IdentityError),
}

impl InProcessDirectory {
    /// For a service in this process.
    pub(crate) fn new(identity: Identity) -> Self {
        Self::on_behalf_of(identity, Origin { dialect: Some("internal".to_owned()), ..Origin::default() })
    }

    /// For whoever asks; the account that a change is for is put in as its actor.
    pub(crate) fn on_behalf_of(identity: Identity, origin: Origin) -> Self {
        Self { identity, origin }
    }

    pub(crate) async fn people_of(&self, ids: &[String]) -> Result<Vec<Person>, DirectoryFailure> {
        if ids.len() > MOST_PEOPLE {
            return Err(DirectoryFailure::Refused(format!("at most {MOST_PEOPLE} people")));
        }
        let mut ids: Vec<AccountId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.identity.accounts_of_ids(&ids).await?.into_iter().map(person).collect())
    }

    pub(crate) async fn memberships_of(&self, account: &str) -> Result<Vec<Membership>, DirectoryFailure> {
        let Ok(account) = account.parse::<AccountId>() else { return Ok(Vec::new()) };
        let membership = |(standing, role)| Membership { group: group(standing), role: spoken(role) };
        Ok(self.identity.memberships(account).await?.into_iter().map(membership).collect())
    }

    pub(crate) async fn group_of(&self, number: i64) -> Result<Option<DirectoryGroup>, DirectoryFailure> {
        Ok(self.identity.group_standing(number).await?.map(group))
    }

    /// Nothing without such a group.
    pub(crate) async fn members_of(&self, number: i64) -> Result<Option<Vec<Person>>, DirectoryFailure> {
        let most = i64::try_from(MOST_MEMBERS).unwrap_or(i64::MAX);
        let members = self.identity.group_members(number, most).await?;
        Ok(members.map(|members| members.into_iter().map(person).collect()))
    }

    pub(crate) async fn create(&self, name: &str, owner: &str) -> Result<DirectoryGroup, DirectoryFailure> {
        let owner = known(owner)?;
        let made = self.identity.create_owned_group(name, owner, &self.acting(owner)).await;
        made.map(group).map_err(refused)
    }

    pub(crate) async fn delete(&self, number: i64, by: &str) -> Result<bool, DirectoryFailure> {
        let by = known(by)?;
        self.identity.delete_owned_group(number, by, &self.acting(by)).await.map_err(refused)
    }

    fn acting(&self, account: AccountId) -> Origin {
        Origin { actor: Some(account.to_string()), ..self.origin.clone() }
    }
}

impl Directory for InProcessDirectory {
    fn people<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Person>, DirectoryError>> {
        async move { Ok(self.people_of(ids).await?) }.boxed()
    }

    fn groups_of<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Vec<Membership>, DirectoryError>> {
        async move { Ok(self.memberships_of(account).await?) }.boxed()
    }

    fn group(&self, number: i64) -> BoxFuture<'_, Result<Option<DirectoryGroup>, DirectoryError>> {
        async move { Ok(self.group_of(number).await?) }.boxed()
    }

    fn members(&self, number: i64) -> BoxFuture<'_, Result<Vec<Person>, DirectoryError>> {
        async move { Ok(self.members_of(number).await?.unwrap_or_default()) }.boxed()
    }

    fn create_group<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<DirectoryGroup, DirectoryError>> {
        async move { Ok(self.create(name, owner).await?) }.boxed()
    }

    fn delete_group<'a>(&'a self, number: i64, by: &'a str) -> BoxFuture<'a, Result<bool, DirectoryError>> {
        async move { Ok(self.delete(number, by).await?) }.boxed()
    }
}

fn known(account: &str) -> Result<AccountId, DirectoryFailure> {
    account.parse().map_err(|_| DirectoryFailure::Refused("there is no such account".to_owned()))
}

fn person(account: Account) -> Person {
    Person {
        id: account.id.to_string(),
        name: account.shown_name().unwrap_or_else(|| account.login.clone()),
        login: account.login,
        email: account.email,
        enabled: account.enabled,
    }
}

fn group(GroupStanding { group, admins, members }: GroupStanding) -> DirectoryGroup {
    DirectoryGroup {
        id: group.id,
        number: group.number,
        name: group.name,
        owner: group.owner.map(|owner| owner.to_string()),
        admins: admins.iter().map(AccountId::to_string).collect(),
        member_count: members,
    }
}

const fn spoken(role: groups::GroupRole) -> GroupRole {
    match role {
        groups::GroupRole::Owner => GroupRole::Owner,
        groups::GroupRole::Admin => GroupRole::Admin,
        groups::GroupRole::Member => GroupRole::Member,
    }
}

/// What of a change is an answer rather than a failure.
fn refused(error: IdentityError) -> DirectoryFailure {
    match error {
        IdentityError::Invalid(_) | IdentityError::Unknown(_) | IdentityError::Taken(_) => {
            DirectoryFailure::Refused(error.to_string())
        }
        other => DirectoryFailure::Failed(other),
    }
}

impl From<IdentityError> for DirectoryFailure {
    fn from(error: IdentityError) -> Self {
        Self::Failed(error)
    }
}

impl From<DirectoryFailure> for DirectoryError {
    fn from(failure: DirectoryFailure) -> Self {
        match failure {
            DirectoryFailure::Refused(reason) => Self::Refused(reason),
            DirectoryFailure::Failed(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the directory gave no answer");
                Self::Unreachable(error.to_string())
            }
        }
    }
}
