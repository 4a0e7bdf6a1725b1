//! What every handler needs, built once and shared by all workers.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::claims::Audience;
use auth_claims::scopes::Scopes;
use chrono::{DateTime, TimeDelta, Utc};
use identity::Identity;
use identity::clients::{Client, LONGEST_ACCESS_TOKEN};
use seatable_dialect::rates::Rates;

use crate::domain::access::Terms;
use crate::domain::applications::Binding;
use crate::domain::issuer::IssuerId;
use crate::introspected::Answers;
use crate::keys::SigningKeys;
use crate::limits::Limits;
use crate::presented::PresentedTokens;
use crate::settings::AuthSettings;

/// The shared state of the service.
pub(crate) struct App {
    /// The `iss` of every token, also where the settings left it to the public address.
    pub(crate) issuer: IssuerId,
    pub(crate) settings: AuthSettings,
    pub(crate) identity: Identity,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) tokens: PresentedTokens,
    pub(crate) introspected: Answers,
    pub(crate) limits: Limits,
    pub(crate) seatable_rates: Rates,
}

impl App {
    pub(crate) fn new(settings: AuthSettings, identity: Identity, keys: SigningKeys) -> Self {
        let keys = Arc::new(keys);
        let issuer = settings.issuer.clone().unwrap_or_default();
        let tokens = PresentedTokens::new(issuer.as_str(), Arc::clone(&keys), identity.clone());
        let limits = Limits::new(&settings.limits, identity.clock());
        let seatable_rates = Rates::new(&settings.seatable.rates);
        let introspected = Answers::new();
        Self { issuer, settings, identity, keys, tokens, introspected, limits, seatable_rates }
    }

    /// What is decided about a token of this client, whoever it is about.
    pub(crate) fn terms(
        &self,
        client: &Client,
        issued_at: DateTime<Utc>,
        audience: Audience,
        scope: Scopes,
        binding: Binding,
    ) -> Terms {
        let ttl = lifetime(client.access_token_ttl.unwrap_or(self.settings.access_token_ttl));
        let (issuer, client_id) = (self.issuer.as_str().to_owned(), client.id.as_str().to_owned());
        Terms { issuer, client_id, audience, scope, issued_at, ttl, binding }
    }
}

/// The lifetime of a token, whatever the settings say not longer than revocations are remembered.
pub(crate) fn lifetime(wanted: Duration) -> TimeDelta {
    TimeDelta::from_std(wanted).map_or(LONGEST_ACCESS_TOKEN, |wanted| wanted.min(LONGEST_ACCESS_TOKEN))
}
