//! Telling the authorization server what it has to know of applications, so that it lets nobody in through one that is
//! disabled, expired or gone. `contracts/auvious-applications.md` §3.6.

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, FutureExt as _};
use reqwest::RequestBuilder;
use reqwest::header::IF_MATCH;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Authority;
use crate::transport::{Answer, AuthorityError, Bounds, STATUS_ANSWER};

/// What authentication through an application depends on; as JSON, the body of `PUT /internal/applications/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationStatus {
    /// Whose members may authenticate through it.
    pub organization_id: String,
    /// Whether nobody may.
    pub disabled: bool,
    /// The instant from which on nobody may.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why the authorization server did not confirm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It did not answer as agreed. Whether it has done what it was told is unknown, and it may still come to it.
    #[error("the authorization server did not confirm: {0}")]
    Unconfirmed(String),
    /// It said no, and has done nothing.
    #[error("the authorization server refused: {0}")]
    Refused(String),
}

/// Whoever decides on authentication through applications. What it has confirmed holds for every request that it gets
/// afterwards.
///
/// What is told names the revision that it comes after, and moves it on; what was told meanwhile makes it late, and then it
/// changes nothing. So whatever was given up on, and still arrives, undoes nothing that was confirmed since.
pub trait ApplicationRegistry: Send + Sync + 'static {
    /// How often it was told of an application, there or not.
    ///
    /// # Errors
    /// It does not answer.
    fn revision<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>>;

    /// There is an application, new or known, and this is its status.
    ///
    /// # Errors
    /// It does not confirm.
    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>>;

    /// There is no such application any more; whatever was granted through it is dead, also if there is one of that id
    /// again.
    ///
    /// # Errors
    /// It does not confirm.
    fn delete<'a>(&'a self, id: &'a str, after: i64) -> BoxFuture<'a, Result<(), RegistryError>>;
}

/// The answer to `GET /internal/applications/{id}`.
#[derive(Debug, Deserialize)]
struct Known {
    revision: i64,
}

impl ApplicationRegistry for Authority {
    fn revision<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>> {
        let client = self.0.transport.client();
        async move {
            let answer = self.tell(id, move |url| client.get(url)).await?;
            let known = serde_json::from_slice::<Known>(&answer.body);
            let nonsense =
                |_| RegistryError::Unconfirmed("what it knows of an application is no JSON".to_owned());
            Ok(known.map_err(nonsense)?.revision)
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>> {
        let client = self.0.transport.client();
        let told = self.tell(id, move |url| client.put(url).header(IF_MATCH, tag(after)).json(status));
        async move { told.await.map(drop) }.boxed()
    }

    fn delete<'a>(&'a self, id: &'a str, after: i64) -> BoxFuture<'a, Result<(), RegistryError>> {
        let client = self.0.transport.client();
        let told = self.tell(id, move |url| client.delete(url).header(IF_MATCH, tag(after)));
        async move { told.await.map(drop) }.boxed()
    }
}

impl Authority {
    async fn tell(&self, id: &str, request: impl Fn(Url) -> RequestBuilder) -> Result<Answer, RegistryError> {
        let url = self.application(id)?;
        let request = || request(url.clone());
        Ok(self.authorised(&self.0.application_tokens, request, Bounds::of(STATUS_ANSWER)).await?)
    }

    /// The address of one application. Its id is one segment of the path, whatever it consists of; what a URL would take
    /// for a direction is no id.
    fn application(&self, id: &str) -> Result<Url, RegistryError> {
        let mut url = self.0.endpoints.applications.clone();
        let segments = url.path_segments_mut().ok().filter(|_| !matches!(id, "" | "." | ".."));
        let mut segments = segments.ok_or_else(|| RegistryError::Refused("no id".to_owned()))?;
        segments.pop_if_empty().push(id);
        drop(segments);
        Ok(url)
    }
}

/// A revision as an entity tag.
fn tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

impl From<AuthorityError> for RegistryError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Refused(reason) | AuthorityError::Settings(reason) => Self::Refused(reason),
            AuthorityError::Unreachable(reason) | AuthorityError::Nonsense(reason) => {
                Self::Unconfirmed(reason)
            }
        }
    }
}
