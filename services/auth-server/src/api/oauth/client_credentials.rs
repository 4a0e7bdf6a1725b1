//! `client_credentials`: a token for the client itself (RFC 6749 §4.4). Never a refresh token.

use super::error::OAuthError;
use super::grant::{GrantRequest, Granted};
use crate::domain::scope_policy::Ceiling;
use crate::domain::{applications, audience};

/// Grants what the client asks for, within its registration.
///
/// # Errors
/// `invalid_scope`, `invalid_target`; `invalid_grant` for an application the client is not bound to.
pub(super) fn grant(request: &GrantRequest<'_>) -> Result<Granted, OAuthError> {
    let GrantRequest { app, client, form, .. } = request;
    if !client.kind.is_confidential() {
        return Err(OAuthError::UnauthorizedClient);
    }
    let application_id = applications::bind(client.application_id.as_deref(), request.application()?)?;
    let scope = Ceiling::of_client(&client.scopes, &client.default_scopes).grant(form.get("scope"))?;
    let allowed = audience::of_client(&client.audiences, app.issuer.as_str());
    let audience = audience::narrow(&allowed, &request.targets())?;
    let claims = request.terms(audience, scope, application_id).for_client(client);
    Ok(Granted { claims, refresh_token: None, issued_token_type: None })
}
