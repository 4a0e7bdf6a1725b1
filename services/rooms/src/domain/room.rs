//! A room.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::changes::{LevelPolicy, RoomChanges};
use super::client::ClientId;
use super::configuration::Configuration;
use super::pin::Pin;
use super::slug::Slug;

/// A room's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RoomId(Uuid);

/// The text is no UUID in one of the two forms that the dialect takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

/// A UUID as the dialect takes it: hyphenated or not, any letter case, nothing around it.
pub(crate) fn parse_id(text: &str) -> Result<Uuid, NotAnId> {
    // The parser would also take `{…}` and `urn:uuid:…`, which have other lengths.
    if matches!(text.len(), 32 | 36) { Uuid::try_parse(text).map_err(|_| NotAnId) } else { Err(NotAnId) }
}

impl RoomId {
    /// A new id; `contracts/meet.md` §3.5 wants version 4, which does not tell when the room was made.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

impl FromStr for RoomId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse_id(text).map(Self)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

/// Who may enter a room without being let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessLevel {
    /// Anyone with the link.
    Public,
    /// Anyone signed in; others wait in the lobby.
    Trusted,
    /// Only those who hold a role in the room.
    Restricted,
}

impl AccessLevel {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Trusted => "trusted",
            Self::Restricted => "restricted",
        }
    }
}

/// The text names no access level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an access level")]
pub struct NotAnAccessLevel;

impl FromStr for AccessLevel {
    type Err = NotAnAccessLevel;

    fn from_str(word: &str) -> Result<Self, NotAnAccessLevel> {
        [Self::Public, Self::Trusted, Self::Restricted]
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or(NotAnAccessLevel)
    }
}

/// A room. When it was made and changed is written and never read: nobody shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// The id, the only handle of this API.
    pub id: RoomId,
    /// The name; of a room made through this API, its slug.
    pub name: String,
    /// The last part of the room's web address.
    pub slug: Slug,
    /// Who may enter.
    pub access_level: AccessLevel,
    /// What participants may do.
    pub configuration: Configuration,
    /// The dial-in PIN, when telephony was on at creation.
    pub pin: Option<Pin>,
    /// The client through which it was made: only this one may delete it.
    pub created_by: ClientId,
}

/// A room about to be made: everything but the name, which has to be drawn until it is free.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRoom {
    /// Who may enter.
    pub access_level: AccessLevel,
    /// What participants may do.
    pub configuration: Configuration,
    /// The client through which it is made.
    pub created_by: ClientId,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl NewRoom {
    /// A room with what the client asked for, and the defaults for the rest.
    #[must_use]
    pub fn new(changes: RoomChanges, policy: LevelPolicy, created_by: ClientId, now: DateTime<Utc>) -> Self {
        Self {
            access_level: changes.access_level.unwrap_or(policy.default),
            configuration: changes.configuration.unwrap_or_else(Configuration::empty),
            created_by,
            created_at: now,
        }
    }

    /// The room under this name. Name and slug of a room made through this API are the same.
    #[must_use]
    pub fn into_room(self, slug: Slug, pin: Option<Pin>) -> Room {
        Room {
            id: RoomId::generate(),
            name: slug.to_string(),
            slug,
            access_level: self.access_level,
            configuration: self.configuration,
            pin,
            created_by: self.created_by,
        }
    }
}

impl Room {
    /// Applies validated changes.
    pub fn apply(&mut self, changes: RoomChanges) {
        if let Some(access_level) = changes.access_level {
            self.access_level = access_level;
        }
        if let Some(configuration) = changes.configuration {
            self.configuration = configuration;
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{AccessLevel, RoomId};

    #[rstest]
    #[case::hyphenated("0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913")]
    #[case::upper_case("0F4B7A52-3C1E-4D0A-9A77-5BE2F6F0C913")]
    #[case::simple("0f4b7a523c1e4d0a9a775be2f6f0c913")]
    fn an_id_is_read_in_both_forms_and_any_case(#[case] text: &str) {
        let id: RoomId = text.parse().unwrap();
        assert_eq!(id.to_string(), "0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913");
    }

    #[rstest]
    #[case::slug("kqz-tbwm-ofe")]
    #[case::empty("")]
    #[case::braced("{0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913}")]
    #[case::urn("urn:uuid:0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913")]
    #[case::long("0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c9130")]
    #[case::not_hexadecimal("0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c91g")]
    fn anything_else_is_no_id(#[case] text: &str) {
        assert!(text.parse::<RoomId>().is_err());
    }

    #[test]
    fn access_levels_are_read_in_lower_case_only() {
        assert_eq!("restricted".parse(), Ok(AccessLevel::Restricted));
        assert!("Public".parse::<AccessLevel>().is_err());
    }
}
