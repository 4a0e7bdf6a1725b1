//! Asking the authorization server for people and groups: who they are, who is in which group, and as what.
//!
//! What is asked is answered as it is now; nothing is remembered here.

use futures_util::future::{BoxFuture, FutureExt as _};
use reqwest::{RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::Authority;
use crate::transport::{Answer, AuthorityError, Bounds, DIRECTORY_ANSWER};

/// The most people that one question may name.
pub const MOST_PEOPLE: usize = 500;

/// The most members of a group that are told.
pub const MOST_MEMBERS: usize = 1000;

/// A person, as other services show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account's id: a UUID, lower-case and hyphenated.
    pub id: String,
    /// The name they sign in with.
    pub login: String,
    /// The name to show: never empty.
    pub name: String,
    /// Their e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether they may sign in.
    pub enabled: bool,
}

/// A group, and who decides on its things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryGroup {
    /// Its id for ever, as in the claim `groups`.
    pub id: String,
    /// Its number for ever. Never given to another group.
    pub number: i64,
    /// The name to show.
    pub name: String,
    /// The account of its owner, who is a member.
    #[serde(default)]
    pub owner: Option<String>,
    /// The accounts of its administrators, who are members; the owner need not be one of them. In order.
    pub admins: Vec<String>,
    /// How many members it has.
    pub member_count: i64,
}

/// What a member is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupRole {
    /// Its owner.
    Owner,
    /// An administrator beside the owner.
    Admin,
    /// One of the others.
    Member,
}

/// A group, and what somebody is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: DirectoryGroup,
    /// What the member is in it.
    pub role: GroupRole,
}

/// The body of `POST /internal/directory/people`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuestion {
    /// Whom it is about: at most [`MOST_PEOPLE`].
    pub ids: Vec<String>,
}

/// The body of `POST /internal/directory/groups`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDirectoryGroup {
    /// The name to show.
    pub name: String,
    /// The account that is to own it.
    pub owner: String,
}

/// Why the directory did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// It is out of reach, or does not let this service in. Whether it has done what it was asked for is unknown.
    #[error("the directory did not answer: {0}")]
    Unreachable(String),
    /// It said no, and has done nothing.
    #[error("the directory refused: {0}")]
    Refused(String),
}

/// Whoever knows people and groups. Accounts are named by their ids, groups by their numbers; what is none names nobody.
pub trait Directory: Send + Sync + 'static {
    /// The people of these ids that there are, in no particular order.
    ///
    /// # Errors
    /// [`DirectoryError`]; refused for more than [`MOST_PEOPLE`].
    fn people<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Person>, DirectoryError>>;

    /// The groups of an account, ascending by id, and what it is in each. An account that there is not has none.
    ///
    /// # Errors
    /// [`DirectoryError`].
    fn groups_of<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Vec<Membership>, DirectoryError>>;

    /// The group of this number.
    ///
    /// # Errors
    /// [`DirectoryError`].
    fn group(&self, number: i64) -> BoxFuture<'_, Result<Option<DirectoryGroup>, DirectoryError>>;

    /// The members of a group, ascending by login; the first [`MOST_MEMBERS`] of them. A group that there is not has none.
    ///
    /// # Errors
    /// [`DirectoryError`].
    fn members(&self, number: i64) -> BoxFuture<'_, Result<Vec<Person>, DirectoryError>>;

    /// Makes a group, whose id nobody chooses. The owner is its first member.
    ///
    /// # Errors
    /// [`DirectoryError`]; refused for a name that is none, an owner that there is not, or one who is in as many groups as
    /// may be.
    fn create_group<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<DirectoryGroup, DirectoryError>>;

    /// Removes a group on behalf of an account; `false` when there is no such group.
    ///
    /// # Errors
    /// [`DirectoryError`]; refused for anybody but the owner and the administrators.
    fn delete_group<'a>(&'a self, number: i64, by: &'a str) -> BoxFuture<'a, Result<bool, DirectoryError>>;
}

impl Directory for Authority {
    fn people<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Person>, DirectoryError>> {
        async move {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            if ids.len() > MOST_PEOPLE {
                return Err(DirectoryError::Refused(format!("more than {MOST_PEOPLE} people")));
            }
            let question = PeopleQuestion { ids: ids.to_vec() };
            let url = self.directory(&["people"])?;
            let asked = self.ask(|client| client.post(url.clone()).json(&question)).await?;
            Ok(asked.unwrap_or_default())
        }
        .boxed()
    }

    fn groups_of<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Vec<Membership>, DirectoryError>> {
        async move {
            let url = self.directory(&["people", account, "groups"])?;
            Ok(self.ask(|client| client.get(url.clone())).await?.unwrap_or_default())
        }
        .boxed()
    }

    fn group(&self, number: i64) -> BoxFuture<'_, Result<Option<DirectoryGroup>, DirectoryError>> {
        async move {
            let url = self.directory(&["groups", &number.to_string()])?;
            self.ask(|client| client.get(url.clone())).await
        }
        .boxed()
    }

    fn members(&self, number: i64) -> BoxFuture<'_, Result<Vec<Person>, DirectoryError>> {
        async move {
            let url = self.directory(&["groups", &number.to_string(), "members"])?;
            Ok(self.ask(|client| client.get(url.clone())).await?.unwrap_or_default())
        }
        .boxed()
    }

    fn create_group<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<DirectoryGroup, DirectoryError>> {
        async move {
            let new = NewDirectoryGroup { name: name.to_owned(), owner: owner.to_owned() };
            let url = self.directory(&["groups"])?;
            // A second one would be a second group.
            let bounds = Bounds::of(DIRECTORY_ANSWER).once();
            let made = self.ask_within(bounds, |client| client.post(url.clone()).json(&new)).await?;
            made.ok_or_else(|| DirectoryError::Unreachable("it does not know its own resource".to_owned()))
        }
        .boxed()
    }

    fn delete_group<'a>(&'a self, number: i64, by: &'a str) -> BoxFuture<'a, Result<bool, DirectoryError>> {
        async move {
            let url = self.directory(&["groups", &number.to_string()])?;
            // A second one would find nothing, and say so.
            let bounds = Bounds::of(DIRECTORY_ANSWER).once();
            let gone = self.send(bounds, |client| client.delete(url.clone()).query(&[("by", by)])).await?;
            Ok(gone.is_some())
        }
        .boxed()
    }
}

/// What the directory says when it says no.
#[derive(Debug, Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Authority {
    /// The answer as what it should be; nothing when there is no such thing.
    async fn ask<T: DeserializeOwned>(
        &self,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Option<T>, DirectoryError> {
        self.ask_within(Bounds::of(DIRECTORY_ANSWER), request).await
    }

    async fn ask_within<T: DeserializeOwned>(
        &self,
        bounds: Bounds,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Option<T>, DirectoryError> {
        let Some(answer) = self.send(bounds, request).await? else { return Ok(None) };
        let nonsense = |_| DirectoryError::Unreachable("it did not answer as agreed".to_owned());
        serde_json::from_slice(&answer.body).map(Some).map_err(nonsense)
    }

    async fn send(
        &self,
        bounds: Bounds,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Option<Answer>, DirectoryError> {
        let client = self.0.transport.client();
        let request = || request(client);
        let answer = self.authorised_answer(&self.0.directory_tokens, request, bounds).await?;
        judge(answer)
    }

    /// An address below the directory's. Each segment is one, whatever it consists of; what a URL would take for a direction
    /// is no id.
    fn directory(&self, path: &[&str]) -> Result<Url, DirectoryError> {
        let mut url = self.0.endpoints.directory.clone();
        let segments = url
            .path_segments_mut()
            .ok()
            .filter(|_| !path.iter().any(|segment| matches!(*segment, "" | "." | "..")));
        let mut segments = segments.ok_or_else(|| DirectoryError::Refused("no id".to_owned()))?;
        segments.pop_if_empty().extend(path);
        drop(segments);
        Ok(url)
    }
}

/// 409 and 400 are the directory's own no, and a 404 in its words says that there is no such thing. What a gateway says, or
/// what is about this service's token, is nothing that may be told to a caller as a refusal.
fn judge(answer: Answer) -> Result<Option<Answer>, DirectoryError> {
    if answer.status.is_success() {
        return Ok(Some(answer));
    }
    match (answer.status, serde_json::from_slice::<Refusal>(&answer.body).ok()) {
        (StatusCode::NOT_FOUND, Some(said)) if said.error == "not_found" => Ok(None),
        (StatusCode::CONFLICT | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE, Some(said)) => {
            Err(DirectoryError::Refused(said.error_description))
        }
        (status, _) => Err(DirectoryError::Unreachable(format!("status {status}"))),
    }
}

impl From<AuthorityError> for DirectoryError {
    fn from(error: AuthorityError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
