//! The exchange of foreign credentials for access tokens (RFC 8693).
//!
//! A service asks its [`Exchange`]. Whoever can answer, over HTTP or in the authorization server's own process, is an
//! [`ExchangeSource`]; [`Remembering`] makes an exchange of it that asks once for many requests.

mod remembering;

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

pub use self::remembering::Remembering;

/// Why an exchange is refused, as far as that may be told (contracts/oauth2.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRefusal {
    /// The credential is no good, and no more is said.
    #[error("the credential is not valid")]
    Invalid,
    /// Right credential, disabled account.
    #[error("the account is disabled")]
    AccountDisabled,
    /// A credential that was good while its account was there.
    #[error("the account is deleted")]
    AccountDeleted,
    /// Right credential, locked account.
    #[error("the account is locked")]
    AccountLocked,
    /// A second factor is missing.
    #[error("a second factor is required")]
    OtpRequired,
    /// The second factor is wrong.
    #[error("the second factor is not valid")]
    OtpInvalid,
}

/// Why an exchange gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The authorization server said no.
    #[error(transparent)]
    Refused(#[from] ExchangeRefusal),
    /// The authorization server does not look at it yet: too many wrong ones came before.
    #[error("too many failed attempts, try again in {retry_after} seconds")]
    Throttled {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
    /// It could not be asked.
    #[error("the exchange is out of reach")]
    Unavailable,
}

/// Turns foreign credentials into access tokens (RFC 8693).
pub trait Exchange: Send + Sync + 'static {
    /// The access token for this credential, which a client at this address has presented. May come from a short-lived
    /// cache, whoever filled it.
    fn exchange<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a str,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>>;

    /// Drops what a cache holds for this credential, because its token did not verify (any more).
    fn forget(&self, subject_token_type: &str, subject_token: &str) {
        let _ = (subject_token_type, subject_token);
    }
}

/// What an exchange brought.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The access token.
    pub access_token: SecretString,
    /// How long it lives, counted from before it was asked for.
    pub expires_in: Duration,
}

/// Where exchanged tokens come from. Answers every time anew.
pub trait ExchangeSource: Send + Sync + 'static {
    /// Exchanges this credential, which a client at this address has presented. Expected to give up by itself after a
    /// bounded time.
    fn ask<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a SecretString,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<Exchanged, ExchangeError>>;
}
