//! The auth server for its neighbours in one process: the same answers without HTTP.

mod directory;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_claims::SourceError;
use auth_claims::caller::exchange::{ExchangeSource, Exchanged, Remembering};
use auth_claims::caller::{Exchange, ExchangeError, ExchangeRefusal};
use auth_claims::revocations::{RevocationPage, RevocationSource};
use auth_claims::scopes::Scopes;
use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use futures_util::future::{BoxFuture, FutureExt as _};
use identity::applications::{self, ApplicationId, Told};
use identity::audit::Origin;
use identity::clients::{Client, ClientId, ClientKind, GrantType};
use identity::throttle::Throttled;
use identity::{Identity, IdentityError};
use secrecy::{ExposeSecret as _, SecretString};

pub(crate) use self::directory::{DirectoryFailure, InProcessDirectory};
use crate::api::oauth::error::{OAuthError, Reason};
use crate::api::oauth::exchange::{self, Wish};
use crate::api::oauth::subject_tokens::SubjectTokenType;
use crate::app::App;
use crate::issuing::Attempt;

/// The feed, straight from the directory.
pub(crate) struct InProcessRevocations(pub(crate) Identity);

impl RevocationSource for InProcessRevocations {
    fn after(&self, seq: i64, wait: Duration) -> BoxFuture<'_, Result<RevocationPage, SourceError>> {
        async move {
            let page = self.0.wait_for_revocation(seq, wait).await;
            page.map_err(|error| SourceError::new(error.to_string()))
        }
        .boxed()
    }
}

/// Applications, straight into the directory.
pub(crate) struct InProcessApplications {
    identity: Identity,
    origin: Origin,
}

impl InProcessApplications {
    /// For the service `applications` in this process.
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, origin: Origin { dialect: Some("internal".to_owned()), ..Origin::default() } }
    }

    fn id(id: &str) -> Result<ApplicationId, RegistryError> {
        id.parse()
            .map_err(|error: applications::InvalidApplicationId| RegistryError::Refused(error.to_string()))
    }
}

impl ApplicationRegistry for InProcessApplications {
    fn revision<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>> {
        async move { self.identity.application_revision(&Self::id(id)?).await.map_err(unconfirmed) }.boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>> {
        async move {
            let ApplicationStatus { organization_id, disabled, expires_at } = status.clone();
            let status = applications::ApplicationStatus { organization_id, disabled, expires_at };
            let done = self.identity.put_application(&Self::id(id)?, status, after, &self.origin).await;
            confirmed(done)
        }
        .boxed()
    }

    fn delete<'a>(&'a self, id: &'a str, after: i64) -> BoxFuture<'a, Result<(), RegistryError>> {
        async move {
            let done = self.identity.delete_application(&Self::id(id)?, after, &self.origin).await;
            confirmed(done)
        }
        .boxed()
    }
}

/// Where whoever changes applications without a running auth server, as a command does, tells what becomes of them: the
/// directory that all auth servers ask.
#[must_use]
pub fn application_registry(identity: Identity, origin: Origin) -> Arc<dyn ApplicationRegistry> {
    Arc::new(InProcessApplications { identity, origin })
}

fn confirmed(done: Result<Told, IdentityError>) -> Result<(), RegistryError> {
    match done.map_err(unconfirmed)? {
        Told::Done => Ok(()),
        Told::Late => Err(RegistryError::Unconfirmed("something else was told meanwhile".to_owned())),
    }
}

/// A connection may break on the way back from a commit: only what was refused has certainly not happened.
fn unconfirmed(error: IdentityError) -> RegistryError {
    match error {
        IdentityError::Invalid(faults) => RegistryError::Refused(faults.to_string()),
        other => RegistryError::Unconfirmed(other.to_string()),
    }
}

/// A service in this process that exchanges credentials for tokens of its own.
#[derive(Debug, Clone)]
pub struct InProcessClient {
    /// The name it has in tokens, as `client_id` and `act`.
    pub id: ClientId,
    /// The audience its tokens are for.
    pub audience: String,
    /// The scopes they hold at most, and by default.
    pub scopes: Scopes,
}

/// The exchange for one such service, remembered for a short time as it is over HTTP.
pub(crate) struct InProcessExchange(Remembering<Issuing>);

impl InProcessExchange {
    pub(crate) fn new(app: Arc<App>, client: InProcessClient) -> Self {
        let clock = app.identity.clock().clone();
        Self(Remembering::new(Issuing::new(app, client), clock))
    }
}

impl Exchange for InProcessExchange {
    fn exchange<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a str,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        self.0.exchange(subject_token_type, subject_token, client_address)
    }

    fn forget(&self, subject_token_type: &str, subject_token: &str) {
        self.0.forget(subject_token_type, subject_token);
    }
}

/// Issues a token for each exchange, to a client that exists in this process alone.
struct Issuing {
    app: Arc<App>,
    client: Client,
}

impl Issuing {
    fn new(app: Arc<App>, client: InProcessClient) -> Self {
        let now = app.identity.clock().now();
        let client = Client {
            name: client.id.to_string(),
            id: client.id,
            kind: ClientKind::Service,
            enabled: true,
            default_scopes: client.scopes.clone(),
            scopes: client.scopes,
            domains: Vec::new(),
            grants: vec![GrantType::TokenExchange],
            audiences: vec![client.audience],
            organization_id: None,
            application_id: None,
            roles: Vec::new(),
            permissions: Vec::new(),
            access_token_ttl: None,
            created_at: now,
            updated_at: now,
        };
        Self { app, client }
    }

    async fn token(
        &self,
        subject_token_type: &str,
        subject_token: &str,
        client_address: IpAddr,
    ) -> Result<Exchanged, OAuthError> {
        let received_at = self.app.identity.clock().now();
        let wish = Wish {
            subject_token,
            subject_token_type: subject_token_type.parse()?,
            actor_token: None,
            issued_token_type: SubjectTokenType::AccessToken,
            scope: None,
            targets: Vec::new(),
            application_id: None,
        };
        let attempt = self.attempt(client_address);
        match exchange::exchange(&self.app, &self.client, &wish, &attempt.origin, received_at).await {
            Ok(granted) => {
                let life = granted.claims.exp.saturating_sub(received_at.timestamp());
                let expires_in = Duration::from_secs(u64::try_from(life).unwrap_or(0));
                Ok(Exchanged { access_token: attempt.issue(&self.app, &granted.claims).await?, expires_in })
            }
            Err(error) => {
                attempt.refused(&self.app, error.code(), &error.to_string(), error.application());
                Err(error)
            }
        }
    }

    fn attempt(&self, address: IpAddr) -> Attempt {
        let mut attempt = Attempt::within(Origin {
            dialect: Some("internal".to_owned()),
            address: Some(address),
            ..Origin::default()
        });
        attempt.client(self.client.id.as_str());
        attempt.grant(GrantType::TokenExchange.as_str());
        attempt
    }
}

impl ExchangeSource for Issuing {
    fn ask<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a SecretString,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<Exchanged, ExchangeError>> {
        async move {
            let token = self.token(subject_token_type, subject_token.expose_secret(), client_address).await;
            token.map_err(|error| refusal(&error))
        }
        .boxed()
    }
}

/// As over HTTP, only a refusal of the credential is told to whoever presents it. Anything else is a fault of the
/// installation or of the moment.
fn refusal(error: &OAuthError) -> ExchangeError {
    match error {
        OAuthError::Grant { reason: Some(reason), .. } => match reason {
            Reason::AccountDisabled => ExchangeRefusal::AccountDisabled.into(),
            Reason::AccountDeleted => ExchangeRefusal::AccountDeleted.into(),
            Reason::OtpRequired => ExchangeRefusal::OtpRequired.into(),
            Reason::OtpInvalid => ExchangeRefusal::OtpInvalid.into(),
        },
        OAuthError::Grant { reason: None, .. } | OAuthError::Application(_) => {
            ExchangeRefusal::Invalid.into()
        }
        OAuthError::Throttled(Throttled { retry_after }) => {
            ExchangeError::Throttled { retry_after: *retry_after }
        }
        _ => ExchangeError::Unavailable,
    }
}
