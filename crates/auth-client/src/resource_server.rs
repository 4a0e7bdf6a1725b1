//! A service that runs apart from the authorization server.

use std::sync::Arc;

use auth_claims::clock::Clock;
use auth_claims::resource_server::{ResourceServer, ServiceProfile, Sources};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Authority;

/// The part of `auth.*` that concerns those who only verify tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` of accepted tokens, the same as the auth server's. Default: `http://127.0.0.1:8080`.
    pub issuer: String,
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self { issuer: "http://127.0.0.1:8080".to_owned() }
    }
}

impl Authority {
    /// The resource server of a service that lives on this authorization server. Begins to follow the feed.
    #[must_use]
    pub fn resource_server(
        &self,
        issuer: &IssuerSettings,
        service: ServiceProfile<'_>,
        clock: Clock,
    ) -> ResourceServer {
        let shared = Arc::new(self.clone());
        let sources = Sources { keys: shared.clone(), revocations: shared.clone(), exchange: shared };
        ResourceServer::start(&issuer.issuer, service, sources, clock)
    }
}
