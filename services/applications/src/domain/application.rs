//! An application. `contracts/auvious-applications.md` §4.1, §4.5.

use std::ops::Deref;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::config::{Config, MissingEntry};
use super::id::{ApplicationId, OrganizationId};

/// What an application is for. §4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = ApplicationType)]
pub enum Kind {
    /// Runs inside Genesys Cloud.
    Genesys,
    /// Stands alone, and signs people in with `OpenID`.
    StandaloneOpenid,
    /// Runs inside Talkdesk.
    TalkdeskOpenid,
    /// Runs inside NICE `CXone`.
    #[serde(rename = "NICE_CXONE_OPENID")]
    NiceCxoneOpenid,
    /// For tests.
    Test,
    /// For tests of the setup.
    SetupTest,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Genesys,
        Self::StandaloneOpenid,
        Self::TalkdeskOpenid,
        Self::NiceCxoneOpenid,
        Self::Test,
        Self::SetupTest,
    ];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Genesys => "GENESYS",
            Self::StandaloneOpenid => "STANDALONE_OPENID",
            Self::TalkdeskOpenid => "TALKDESK_OPENID",
            Self::NiceCxoneOpenid => "NICE_CXONE_OPENID",
            Self::Test => "TEST",
            Self::SetupTest => "SETUP_TEST",
        }
    }
}

/// The text names no kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of application")]
pub struct NotAKind;

impl FromStr for Kind {
    type Err = NotAKind;

    /// §4.5: nothing else, exact case.
    fn from_str(word: &str) -> Result<Self, NotAKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(NotAKind)
    }
}

/// An application of an organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Unique across organisations.
    pub id: ApplicationId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it is for.
    pub kind: Kind,
    /// Its configuration, with every section.
    pub config: Config,
    /// 0 at creation, one more with every change made through the API.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed through the API.
    pub modified_at: DateTime<Utc>,
    /// Whether ordinary callers find it in lists.
    pub visible: bool,
    /// Whether authentication through it is refused.
    pub disabled: bool,
    /// Authentication through it is refused from this instant on.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether customers may register without a ticket; front ends read it.
    pub anonymous_registration_enabled: bool,
}

/// An application whose content may be stored. Whatever is written is one of these, made or changed, by an API caller
/// or by the operator: there is no other way to make one than [`Checked::check`] (threat 14).
#[derive(Debug, Clone, PartialEq)]
pub struct Checked(Application);

impl Checked {
    /// Checks the content. §4.6.
    ///
    /// # Errors
    /// The configuration lacks what its kind needs.
    pub fn check(application: Application) -> Result<Self, MissingEntry> {
        application.config.check(application.kind)?;
        Ok(Self(application))
    }

    /// The application.
    #[must_use]
    pub fn into_inner(self) -> Application {
        self.0
    }
}

impl Deref for Checked {
    type Target = Application;

    fn deref(&self) -> &Application {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn serde_and_parsing_agree() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for wrong in ["genesys", "GENESYS ", "", "OTHER", "STANDALONE-OPENID"] {
            assert!(wrong.parse::<Kind>().is_err(), "{wrong}");
        }
    }
}
