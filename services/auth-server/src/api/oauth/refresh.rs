//! `refresh_token`: a new access token and the successor of the refresh token (`contracts/oauth2.md` §3).
//!
//! The rules of rotation, grace and reuse are `identity::refresh`'s. Here is what the request may still ask for: less
//! scope, fewer audiences, nothing more than the client is registered for today (threat 14).

use auth_claims::claims::Audience;
use auth_claims::scopes::Scopes;
use identity::refresh::{Family, RefreshError, RefreshRefusal};

use super::error::OAuthError;
use super::grant::{GrantRequest, Granted};
use crate::domain::access::{Session, Terms};
use crate::domain::applications::{Binding, BindingRefusal};
use crate::domain::scope_policy::Ceiling;
use crate::domain::{audience, exchange_policy};

const REFUSAL: OAuthError = OAuthError::grant("the refresh token is invalid, expired or revoked");

/// Exchanges the token for its successor.
///
/// # Errors
/// `invalid_grant` for a token that is unknown, foreign, expired, revoked or used, and for an application that is not to be
/// used, which leaves the token as it is; so do `invalid_scope` and `invalid_target` for a wish that is too wide.
pub(super) async fn grant(request: &GrantRequest<'_>) -> Result<Granted, OAuthError> {
    let GrantRequest { app, client, form, origin, .. } = request;
    let token = form.require("refresh_token")?;
    let found = app.identity.find_family(token).await?.ok_or(REFUSAL)?;
    // First, so that a foreign client learns nothing (threat 1).
    if found.family.client_id != client.id {
        return Err(REFUSAL);
    }
    let named = request.application()?;
    let wish = Wish::of(request, &found.family);
    if found.standing.is_ok()
        && let Err(refusal) = wish
    {
        return Err(refusal);
    }
    let bonds = [named, found.family.application_id.as_deref(), client.application_id.as_deref()];
    let rotation = app.identity.rotate_through(named, &client.id, token, origin).await;
    let rotation = rotation.map_err(|error| refused(error, bonds))?;
    let binding = Binding::of(&rotation);
    let wish = wish?;
    let family = rotation.family;
    let session = Session {
        sid: Some(family.sid),
        auth_time: Some(family.auth_time.timestamp()),
        amr: family.amr,
        ends_at: None,
    };
    let terms = request.terms(wish.audience, wish.scope, binding);
    let terms = Terms { issued_at: rotation.issued_at, ..terms };
    let mut claims = terms.for_account(&rotation.account, session);
    // The family may belong to a session with an end of its own, which no token outlives.
    claims.exp = claims.exp.min(family.expires_at.timestamp());
    // So far every family begins with an exchange, where the client acts for the account; a refresh must not hide it.
    claims.act = Some(exchange_policy::acting(client.id.as_str(), None, usize::MAX)?);
    Ok(Granted { claims, refresh_token: Some(rotation.token), issued_token_type: None })
}

/// What the new access token will say.
struct Wish {
    scope: Scopes,
    audience: Audience,
}

impl Wish {
    fn of(request: &GrantRequest<'_>, family: &Family) -> Result<Self, OAuthError> {
        let GrantRequest { app, client, form, .. } = request;
        // Asking for nothing gives what was granted, and is still registered.
        let ceiling = Ceiling::of_client(&client.scopes, &client.scopes).within(&family.scope);
        let scope = ceiling.grant(form.get("scope"))?;
        let allowed = audience::of_client(&client.audiences, app.issuer.as_str());
        let allowed = audience::within(allowed, family.audience.iter().map(String::as_str));
        let audience = audience::narrow(&allowed, &request.targets())?;
        Ok(Self { scope, audience })
    }
}

/// The refusal of a family. Of these applications the first is what a refusal for an application's sake is about.
pub(super) fn refused<'a>(
    error: RefreshError,
    bonds: impl IntoIterator<Item = Option<&'a str>>,
) -> OAuthError {
    match error {
        RefreshError::Refused(RefreshRefusal::Application(why)) => {
            OAuthError::Application(BindingRefusal::of(why, bonds.into_iter().flatten().next()))
        }
        // The client is not told which; the audit trail is.
        RefreshError::Refused(_) => REFUSAL,
        RefreshError::Identity(error) => error.into(),
    }
}
