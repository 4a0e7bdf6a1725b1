//! `client_credentials`: a token for the client itself (RFC 6749 §4.4). Never a refresh token.

use super::error::OAuthError;
use super::grant::{GrantRequest, Granted};
use crate::domain::audience;
use crate::domain::scope_policy::Ceiling;

/// Grants what the client asks for, within its registration.
///
/// # Errors
/// `invalid_scope`, `invalid_target`; `invalid_grant` for an application that does not let the client in.
pub(super) async fn grant(request: &GrantRequest<'_>) -> Result<Granted, OAuthError> {
    let GrantRequest { app, client, form, .. } = request;
    if !client.kind.is_confidential() {
        return Err(OAuthError::UnauthorizedClient);
    }
    let binding = app.bind(client, request.application()?, None, (*client).into()).await?;
    let scope = Ceiling::of_client(&client.scopes, &client.default_scopes).grant(form.get("scope"))?;
    let allowed = audience::of_client(&client.audiences, app.issuer.as_str());
    let audience = audience::narrow(&allowed, &request.targets())?;
    let claims = request.terms(audience, scope, binding).for_client(client);
    Ok(Granted { claims, refresh_token: None, issued_token_type: None })
}
