//! What the grants share: the request they are asked by, and what they give.

use auth_claims::claims::{AccessClaims, Audience};
use auth_claims::scopes::Scopes;
use chrono::{DateTime, Utc};
use identity::audit::Origin;
use identity::clients::Client;
use identity::refresh::PlainRefreshToken;

use super::error::OAuthError;
use super::form::Form;
use crate::app::App;
use crate::binding::BindingError;
use crate::domain::access::Terms;
use crate::domain::applications::Binding;

/// A token request of an authenticated client that may use the grant.
pub(super) struct GrantRequest<'a> {
    pub(super) app: &'a App,
    pub(super) client: &'a Client,
    pub(super) form: &'a Form,
    pub(super) origin: &'a Origin,
    /// Before anything was read of the client, so that every revocation from then on hits the token.
    pub(super) received_at: DateTime<Utc>,
}

/// What a grant gives.
pub(crate) struct Granted {
    pub(crate) claims: AccessClaims,
    pub(crate) refresh_token: Option<PlainRefreshToken>,
    pub(crate) issued_token_type: Option<&'static str>,
}

impl GrantRequest<'_> {
    /// The requested targets: `resource` (RFC 8707) and `audience` (RFC 8693) name the same registered audiences.
    pub(super) fn targets(&self) -> Vec<&str> {
        ["resource", "audience"].iter().filter_map(|name| self.form.get(name)).collect()
    }

    /// The application the request names, in either spelling.
    pub(super) fn application(&self) -> Result<Option<&str>, OAuthError> {
        match (self.form.get("application_id"), self.form.get("applicationId")) {
            (Some(_), Some(_)) => Err(OAuthError::Request("application_id is repeated")),
            (one, other) => Ok(one.or(other)),
        }
    }

    /// What is decided about the token, whoever it is about.
    pub(super) fn terms(&self, audience: Audience, scope: Scopes, binding: Binding) -> Terms {
        self.app.terms(self.client, self.received_at, audience, scope, binding)
    }
}

impl From<BindingError> for OAuthError {
    fn from(error: BindingError) -> Self {
        match error {
            BindingError::Refused(refusal) => Self::Application(refusal),
            BindingError::Failed(error) => error.into(),
        }
    }
}
