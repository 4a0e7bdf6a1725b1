//! OAuth clients: services, integrators' applications (Meet's included) and public clients.
//!
//! | state | gets tokens | its tokens | secret |
//! | --- | --- | --- | --- |
//! | enabled | by its grants | count | one or two live ones |
//! | disabled | no: told so after the right secret | revoked until enabled again | kept |
//! | deleted: no row | no | revoked | gone |
//!
//! A client made again under the id of a deleted one starts afresh: tokens of its predecessor stay revoked.

mod authenticate;
mod cache;
mod changes;
mod domains;
mod facade;
mod queries;
mod registration;
mod rows;
mod schema;

use std::{fmt, str::FromStr, time::Duration};

use auth_claims::{roles::Role, scopes::Scopes};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use authenticate::ClientRefusal;
pub use facade::SecretRotation;
pub use queries::{ClientCursor, ClientFilter, find, list};
pub use registration::{CheckedRegistration, MEET_SCOPES, Registration};

pub(crate) use cache::ClientCache;
pub(crate) use changes::{delete, insert, rotate, update};

use crate::passwords::EncodedHash;

/// No access token lives longer, whatever a client's registration or a setting says.
pub const LONGEST_ACCESS_TOKEN: TimeDelta = TimeDelta::hours(24);

/// The most characters of a client id (contracts/meet.md §3.1).
const MAX_CLIENT_ID: usize = 100;

/// A client's id: opaque, case-sensitive, of printable ASCII characters without blanks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is not a client's id.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a client id is 1 to {MAX_CLIENT_ID} printable ASCII characters without blanks")]
pub struct InvalidClientId;

impl FromStr for ClientId {
    type Err = InvalidClientId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MAX_CLIENT_ID).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidClientId)
        }
    }
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// A back end that keeps a secret.
    Service,
    /// An application of the Meet dialect: keeps a secret, acts for the users it names.
    Application,
    /// A program on a user's machine, which cannot keep a secret.
    Public,
}

impl ClientKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Service, Self::Application, Self::Public];

    /// The kind's name in files and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Application => "application",
            Self::Public => "public",
        }
    }

    /// Whether it keeps a secret (RFC 6749 §2.1).
    #[must_use]
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::Public)
    }
}

/// Text that is no kind of client.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a client is one of service, application, public")]
pub struct UnknownClientKind;

impl FromStr for ClientKind {
    type Err = UnknownClientKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownClientKind)
    }
}

/// A grant a client may use, in the registered spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GrantType {
    /// RFC 6749 §4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 6749 §6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// RFC 6749 §4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// Every grant.
    pub const ALL: [Self; 4] =
        [Self::ClientCredentials, Self::RefreshToken, Self::AuthorizationCode, Self::TokenExchange];

    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::AuthorizationCode => "authorization_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is no grant known here.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("this is no supported grant type")]
pub struct UnknownGrantType;

impl FromStr for GrantType {
    type Err = UnknownGrantType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or(UnknownGrantType)
    }
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its id for ever.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// The name to show.
    pub name: String,
    /// Whether it gets tokens and its tokens count.
    pub enabled: bool,
    /// The scopes it may ask for, in registration order.
    pub scopes: Scopes,
    /// Those it gets when it asks for nothing.
    pub default_scopes: Scopes,
    /// The e-mail domains it may act for, in alphabetical order; none is no restriction.
    pub domains: Vec<String>,
    /// The grants it may use.
    pub grants: Vec<GrantType>,
    /// The audiences its tokens may name.
    pub audiences: Vec<String>,
    /// The organisation it belongs to.
    pub organization_id: Option<String>,
    /// The application (in Auvious' sense) it belongs to.
    pub application_id: Option<String>,
    /// Platform roles of its own tokens.
    pub roles: Vec<Role>,
    /// Fine-grained permissions of its own tokens.
    pub permissions: Vec<String>,
    /// Lifetime of its access tokens, if not the configured one.
    pub access_token_ttl: Option<Duration>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Client {
    /// Whether it may use this grant.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }
}

/// A client to be registered.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Its id; made up of 40 letters and digits if absent.
    pub id: Option<ClientId>,
    /// What it is, for ever.
    pub kind: ClientKind,
    /// Everything else about it.
    pub registration: Registration,
    /// What it proves itself with.
    pub secret: NewSecret,
}

/// What a new client proves itself with.
#[derive(Clone, Debug, Default)]
pub enum NewSecret {
    /// A secret made here and shown once; nothing for a public client.
    #[default]
    Generate,
    /// This secret, of at least 32 characters.
    Given(SecretString),
    /// A hash from another system, replaced when its secret is first presented.
    Imported(EncodedHash),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in ClientKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for grant in GrantType::ALL {
            assert_eq!(grant.as_str().parse(), Ok(grant));
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.as_str());
        }
        assert_eq!("password".parse::<GrantType>(), Err(UnknownGrantType));
        assert_eq!("Service".parse::<ClientKind>(), Err(UnknownClientKind));
    }

    #[test]
    fn ids_are_bounded_printable_ascii() {
        let (longest, longer) = ("x".repeat(MAX_CLIENT_ID), "x".repeat(MAX_CLIENT_ID + 1));
        for id in ["a", "7a5f2e6c-3d4b", "app:1", "a/b?c", &longest] {
            assert_eq!(id.parse::<ClientId>().unwrap().as_str(), id);
        }
        for id in ["", " ", "a b", "a\0", "é", "a\n", " a", &longer] {
            assert_eq!(id.parse::<ClientId>(), Err(InvalidClientId), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_is_what_was_given(text in ".{0,120}") {
            if let Ok(id) = text.parse::<ClientId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
