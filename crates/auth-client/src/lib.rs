//! A service's way to the authorization server: its own credentials, the published keys, the revocation feed, the
//! exchange of foreign credentials, the status of applications, and the people and groups of the directory. Everything
//! here answers in the terms of `auth-claims`, or of a trait of this crate, so that a service that runs in the
//! authorization server's own process can do without HTTP.
//!
//! Every request carries the trace of whatever causes it (W3C Trace Context), so that one trace follows a caller's request
//! through the authorization server.
//!
//! What it leaves to `auth-claims`: remembering exchanged tokens (`caller::exchange`), verifying what it fetched
//! (`verify`), and following the feed (`revocations::Follower`). To add an internal call, put a method beside those of
//! `internal.rs` and send it with `Authority::authorised`, which brings the service token for its use and renews it once
//! when it is refused.

pub mod applications;
mod credentials;
pub mod directory;
mod exchange;
mod internal;
mod keys;
mod resource_server;
mod settings;
mod trace;
mod transport;

use std::sync::Arc;

use auth_claims::clock::Clock;
use secrecy::SecretString;

pub use self::resource_server::IssuerSettings;
pub use self::settings::AuthoritySettings;
pub use self::transport::AuthorityError;
use crate::credentials::{ServiceTokens, Use};
use crate::exchange::{Exchanges, TokenEndpoint};
use crate::settings::Endpoints;
use crate::transport::Transport;

/// The authorization server, as one of its clients sees it. Cheap to clone; clones share tokens and caches.
///
/// Implements `KeySource`, `RevocationSource` and `Exchange` of `auth-claims`, [`applications::ApplicationRegistry`], and
/// [`directory::Directory`].
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    endpoints: Endpoints,
    transport: Transport,
    revocation_tokens: ServiceTokens,
    application_tokens: ServiceTokens,
    directory_tokens: ServiceTokens,
    exchanges: Exchanges,
}

impl Authority {
    /// Prepares everything. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is no `http` or `https` address, or the HTTP client cannot be set up.
    pub fn connect(settings: AuthoritySettings) -> Result<Self, AuthorityError> {
        Self::connect_at(settings, Clock::system())
    }

    /// The same, with caches that age by this clock.
    ///
    /// # Errors
    /// As [`Authority::connect`].
    pub fn connect_at(settings: AuthoritySettings, clock: Clock) -> Result<Self, AuthorityError> {
        let endpoints = settings.endpoints()?;
        let transport = Transport::new(&settings.url, settings.timeout)?;
        let settings = Arc::new(settings);
        let tokens =
            |purpose| ServiceTokens::new(purpose, &settings, &endpoints, transport.clone(), clock.clone());
        let (revocation_tokens, application_tokens) = (tokens(Use::Revocations), tokens(Use::Applications));
        let directory_tokens = tokens(Use::Directory);
        let endpoint = TokenEndpoint::new(&settings, &endpoints, transport.clone());
        let exchanges = Exchanges::new(endpoint, clock);
        Ok(Self(Arc::new(Inner {
            endpoints,
            transport,
            revocation_tokens,
            application_tokens,
            directory_tokens,
            exchanges,
        })))
    }

    /// The service's own access token for the revocation feed, from memory until shortly before it expires.
    ///
    /// # Errors
    /// When the authorization server refuses the credentials or is out of reach.
    pub async fn service_token(&self) -> Result<SecretString, AuthorityError> {
        self.0.revocation_tokens.get().await
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("token_url", &self.0.endpoints.token.as_str())
            .finish_non_exhaustive()
    }
}
