//! The exchange of foreign credentials for access tokens (RFC 8693) at the token endpoint.

mod answer;

use std::net::IpAddr;
use std::sync::Arc;

use auth_claims::caller::exchange::{ExchangeSource, Exchanged, Remembering};
use auth_claims::caller::{Exchange, ExchangeError};
use futures_util::future::{BoxFuture, FutureExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use url::Url;

use crate::Authority;
use crate::settings::{AuthoritySettings, Endpoints};
use crate::transport::{Answer, AuthorityError, Bounds, TOKEN_ANSWER, Transport};

/// So many exchanges run at once; more wait for their turn, within the request's timeout.
const AT_ONCE: usize = 64;

/// Exchanges, remembered for a short time.
pub(crate) type Exchanges = Remembering<TokenEndpoint>;

/// The token endpoint, which is asked for each exchange.
pub(crate) struct TokenEndpoint {
    settings: Arc<AuthoritySettings>,
    url: Url,
    transport: Transport,
    turns: Semaphore,
}

impl Exchange for Authority {
    fn exchange<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a str,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        self.0.exchanges.exchange(subject_token_type, subject_token, client_address)
    }

    fn forget(&self, subject_token_type: &str, subject_token: &str) {
        self.0.exchanges.forget(subject_token_type, subject_token);
    }
}

impl ExchangeSource for TokenEndpoint {
    fn ask<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a SecretString,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<Exchanged, ExchangeError>> {
        async move {
            match self.send(subject_token_type, subject_token, client_address).await {
                Ok(answer) => Ok(answer::judge(&answer)?.into()),
                Err(error) => {
                    tracing::warn!(%error, "could not exchange a credential: {error}");
                    Err(ExchangeError::Unavailable)
                }
            }
        }
        .boxed()
    }
}

impl TokenEndpoint {
    pub(crate) fn new(
        settings: &Arc<AuthoritySettings>,
        endpoints: &Endpoints,
        transport: Transport,
    ) -> Self {
        let turns = Semaphore::new(AT_ONCE);
        Self { settings: Arc::clone(settings), url: endpoints.token.clone(), transport, turns }
    }

    async fn send(
        &self,
        token_type: &str,
        token: &SecretString,
        client_address: IpAddr,
    ) -> Result<Answer, AuthorityError> {
        let _turn = tokio::time::timeout(self.settings.timeout, self.turns.acquire())
            .await
            .map_err(|_| AuthorityError::Unreachable("too many exchanges at once".to_owned()))?;
        let client_address = client_address.to_string();
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token.expose_secret()),
            ("subject_token_type", token_type),
            // Of the platform's own: whose try it is, if the credential is wrong.
            ("client_address", &client_address),
        ];
        form.extend(self.settings.audience.as_deref().map(|audience| ("audience", audience)));
        // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (id, secret) = (&self.settings.client_id, self.settings.client_secret.expose_secret());
        let request = self.transport.client().post(self.url.clone()).form(&form);
        let request = request.basic_auth(half(id), Some(half(secret)));
        self.transport.send(request, Bounds::of(TOKEN_ANSWER)).await
    }
}
