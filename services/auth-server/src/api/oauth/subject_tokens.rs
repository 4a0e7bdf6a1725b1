//! The registry of subject tokens: whatever can be exchanged for an access token (`contracts/oauth2.md` §4).
//!
//! To add a kind: a variant here, its URN, and a file that turns the token into a [`Subject`]; the compiler leads
//! through the rest. A kind that is not in this registry is an unsupported one.

mod account_token;
mod app_password;
mod basic;
mod device_session;
mod platform;

use std::str::FromStr;
use std::sync::Arc;

use auth_claims::account_token::ACCOUNT_TOKEN;
use auth_claims::basic::{APP_PASSWORD, BASIC};
use auth_claims::claims::AccessClaims;
use auth_claims::device::DEVICE_SESSION;
use chrono::{DateTime, Utc};
use identity::accounts::Account;
use identity::audit::Origin;

use super::error::OAuthError;
use crate::app::App;

/// A kind of subject token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectTokenType {
    /// An access token of this issuer.
    AccessToken,
    /// The same, under the name of its format.
    Jwt,
    /// Login and password, or login and app password.
    Basic,
    /// An app password, without a name.
    AppPassword,
    /// The three values of a device session.
    DeviceSession,
    /// The token of an account.
    AccountToken,
}

/// Whom a subject token stands for.
pub(crate) enum Subject {
    /// Whoever an access token is about, with all that token says.
    Token(Arc<AccessClaims>),
    /// An account, by its user's own credential.
    Account {
        /// The account: enabled.
        account: Box<Account>,
        /// What was shown (RFC 8176).
        amr: &'static str,
        /// The session the credential is, unless it is none.
        session: Option<OwnSession>,
    },
}

/// A session that a credential is by itself. What is exchanged for it belongs to it and ends with it.
pub(crate) struct OwnSession {
    /// Its id, which revocations name.
    pub(crate) sid: String,
    /// When its user signed in.
    pub(crate) began_at: DateTime<Utc>,
    /// When it is over; `None` for one that lasts as long as its credential.
    pub(crate) ends_at: Option<DateTime<Utc>>,
}

impl SubjectTokenType {
    const ALL: [Self; 6] = [
        Self::AccessToken,
        Self::Jwt,
        Self::Basic,
        Self::AppPassword,
        Self::DeviceSession,
        Self::AccountToken,
    ];

    /// The value of `subject_token_type`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::Basic => BASIC,
            Self::AppPassword => APP_PASSWORD,
            Self::DeviceSession => DEVICE_SESSION,
            Self::AccountToken => ACCOUNT_TOKEN,
        }
    }

    /// Whether it is the platform's own: the only kind an actor can have, and the only one that is ever issued.
    pub(super) const fn is_platform_token(self) -> bool {
        matches!(self, Self::AccessToken | Self::Jwt)
    }

    /// Whom the token stands for.
    ///
    /// # Errors
    /// `invalid_grant` for a token that is invalid for any reason, with that reason if it may be told; 429 after too
    /// many wrong ones, or sign-ins.
    pub(super) async fn resolve(
        self,
        app: &App,
        token: &str,
        origin: &Origin,
    ) -> Result<Subject, OAuthError> {
        match self {
            Self::AccessToken | Self::Jwt => platform::resolve(app, token).await.map(Subject::Token),
            Self::Basic => basic::resolve(app, token, origin).await,
            Self::AppPassword => app_password::resolve(app, token, origin).await,
            Self::DeviceSession => device_session::resolve(app, token, origin).await,
            Self::AccountToken => account_token::resolve(app, token, origin).await,
        }
    }
}

impl FromStr for SubjectTokenType {
    type Err = OAuthError;

    fn from_str(urn: &str) -> Result<Self, OAuthError> {
        let unsupported = OAuthError::Request("the token type is not supported");
        Self::ALL.into_iter().find(|kind| kind.as_str() == urn).ok_or(unsupported)
    }
}

/// The claims of an actor token.
///
/// # Errors
/// `invalid_grant` unless it is a live access token of this issuer.
pub(super) async fn actor(app: &App, token: &str) -> Result<Arc<AccessClaims>, OAuthError> {
    platform::resolve(app, token).await
}
