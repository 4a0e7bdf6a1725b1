//! The service's own access token (RFC 6749 §4.4), fetched once for all who need it.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, RequestTokenError, Scope,
    TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::settings::{AuthoritySettings, Endpoints};
use crate::transport::{AuthorityError, Transport};

/// A token is renewed this long before it expires, or in the last tenth of a shorter life.
const AHEAD: Duration = Duration::from_secs(30);
/// After a failure nobody asks again for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// What a token is for. Each use has a token of its own: a service that follows the feed holds none that changes
/// anything, and its client need not be registered for what it does not do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    /// Following the revocation feed (contracts/oauth2.md §6).
    Revocations,
    /// Telling the status of applications (contracts/auvious-applications.md §3.6).
    Applications,
    /// Asking for people and groups.
    Directory,
}

impl Use {
    const fn scope(self) -> &'static str {
        match self {
            Self::Revocations => "internal:revocations",
            Self::Applications => "internal:applications",
            Self::Directory => "internal:directory",
        }
    }
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Fetches and keeps the token for one use. The lock is held while fetching, so that many callers cause one request.
pub(crate) struct ServiceTokens {
    purpose: Use,
    settings: Arc<AuthoritySettings>,
    token_url: TokenUrl,
    transport: Transport,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    failure: Option<(Duration, AuthorityError)>,
}

struct Token {
    text: SecretString,
    /// Uptime of the clock from which on it is renewed.
    until: Duration,
}

impl ServiceTokens {
    pub(crate) fn new(
        purpose: Use,
        settings: &Arc<AuthoritySettings>,
        endpoints: &Endpoints,
        transport: Transport,
        clock: Clock,
    ) -> Self {
        let token_url = TokenUrl::from_url(endpoints.token.clone());
        Self { purpose, settings: Arc::clone(settings), token_url, transport, clock, state: Mutex::default() }
    }

    pub(crate) async fn get(&self) -> Result<SecretString, AuthorityError> {
        let mut state = self.state.lock().await;
        let now = self.clock.uptime();
        if let Some(token) = state.token.as_ref().filter(|token| now < token.until) {
            return Ok(token.text.clone());
        }
        if let Some((at, error)) = &state.failure
            && now.saturating_sub(*at) < PAUSE
        {
            return Err(error.clone());
        }
        match self.fetch().await {
            Ok(token) => {
                let text = token.text.clone();
                *state = State { token: Some(token), failure: None };
                Ok(text)
            }
            Err(error) => {
                state.failure = Some((self.clock.uptime(), error.clone()));
                Err(error)
            }
        }
    }

    /// Drops a token the other side refused, unless it was replaced in the meantime.
    pub(crate) async fn discard(&self, refused: &SecretString) {
        let mut state = self.state.lock().await;
        let same = |token: &Token| token.text.expose_secret() == refused.expose_secret();
        if state.token.as_ref().is_some_and(same) {
            state.token = None;
        }
    }

    #[tracing::instrument(name = "service_token.fetch", skip_all, fields(client.id = %self.settings.client_id))]
    async fn fetch(&self) -> Result<Token, AuthorityError> {
        let asked_at = self.clock.uptime();
        // Asked for by name: what a client gets without asking is up to its registration.
        let (client, scope) = (self.client(), Scope::new(self.purpose.scope().to_owned()));
        let request = client.exchange_client_credentials().add_scope(scope);
        let answer = request.request_async(&self.transport).await;
        let outcome = if answer.is_ok() { "success" } else { "failure" };
        metrics::counter!("tessera_service_tokens_total", "outcome" => outcome).increment(1);
        let answer = answer.map_err(explain)?;
        let life = answer.expires_in().unwrap_or_default();
        Ok(Token {
            text: answer.access_token().secret().as_str().into(),
            until: asked_at + life.saturating_sub(AHEAD.min(life / 10)),
        })
    }

    fn client(&self) -> TokenClient {
        BasicClient::new(ClientId::new(self.settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.settings.client_secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::BasicAuth)
            .set_token_uri(self.token_url.clone())
    }
}

/// The library's error holds bodies, which may hold tokens; only the error's kind and code are passed on.
fn explain(error: RequestTokenError<AuthorityError, oauth2::basic::BasicErrorResponse>) -> AuthorityError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => AuthorityError::Refused(answer.error().to_string()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            AuthorityError::Nonsense("its token endpoint did not answer in the form of RFC 6749".to_owned())
        }
    }
}
