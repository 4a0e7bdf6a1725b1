//! `POST /oauth/revoke` (RFC 7009, `contracts/oauth2.md` §5).

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::claims::AccessClaims;
use auth_claims::device::DeviceTriple;
use auth_claims::revocations::RevocationReason;
use auth_claims::verify::VerifyError;
use chrono::DateTime;
use identity::audit::{self, AuditEvent, Origin};
use identity::clients::ClientId;
use identity::revocations::{self, Revocation};
use store::StoreError;

use super::client_auth::Credentials;
use super::error::{OAuthError, OAuthErrorBody};
use super::form::Form;
use super::no_store;
use super::openapi::RevocationRequest;
use crate::app::App;
use crate::device;
use crate::issuing;
use crate::presented::TokenRefusal;

/// Revokes a token.
///
/// A refresh token takes its family and its whole session along, a device session that it was exchanged for included; an
/// Account-Token or app password that it was exchanged for goes on in another session. An access token goes alone when it
/// belongs to a session, else with what was exchanged from it. A device session, shown as it is exchanged, is signed out: it
/// belongs to no client, and whoever holds it may do so anyway. An Account-Token, which all programs of an account share and
/// administrators end, an unknown token and one of another client are answered like a revoked one, and left alone.
///
/// # Errors
/// Those of client authentication; `invalid_request` without a token.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "OAuth 2",
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is not, or no longer, of any use to this client"),
        (status = 400, description = "The request is malformed", body = OAuthErrorBody),
        (status = 401, description = "The client is not authenticated", body = OAuthErrorBody),
        (status = 429, description = "Too many failures; `Retry-After`", body = OAuthErrorBody),
        (status = 503, description = "A dependency is down; `Retry-After`", body = OAuthErrorBody),
    ),
    security(("basic" = []), ()),
)]
#[tracing::instrument(name = "token.revoke", skip_all)]
pub(crate) async fn revoke(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, OAuthError> {
    let mut origin = issuing::origin(&request, "oauth2");
    let outcome = answer(&app, &request, payload, &mut origin).await;
    if let Err(error) = &outcome {
        issuing::refused(&app, &origin, "token.revoke", error.code());
    }
    outcome.map(|()| no_store(HttpResponse::Ok()).finish())
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    origin: &mut Origin,
) -> Result<(), OAuthError> {
    let form = Form::read(request, payload).await?;
    let credentials = Credentials::read(request, &form)?;
    origin.client_id = Some(credentials.id().to_owned());
    let client = credentials.authenticate(app, issuing::address(origin)).await?;
    // The hint is not needed: no kind of token can be mistaken for another.
    let token = form.require("token")?;
    if let Some(triple) = DeviceTriple::from_subject_token(token) {
        app.identity.sign_out_device(&device::credential(triple), origin).await?;
        return Ok(());
    }
    match app.identity.find_family(token).await? {
        Some(found) if found.family.client_id == client.id => {
            app.identity.revoke_family(&found.family.id, RevocationReason::Revoked, origin).await?;
            Ok(())
        }
        Some(_) => Ok(()),
        None => access_token(app, token, &client.id, origin).await,
    }
}

async fn access_token(app: &App, token: &str, client: &ClientId, origin: &Origin) -> Result<(), OAuthError> {
    match app.tokens.verify(token).await {
        Ok(claims) if claims.client_id == client.as_str() => end(app, &claims, origin).await,
        Err(TokenRefusal::Failed(error)) => Err(error.into()),
        Err(TokenRefusal::Invalid(VerifyError::Unavailable)) => Err(OAuthError::Unavailable),
        // RFC 7009 §2.2: an unknown token is a success. So is somebody else's, which stays as it is. One may have been revoked
        // a moment ago; all of them are answered as late, so that the time tells nobody which it was.
        Ok(_) | Err(TokenRefusal::Invalid(_)) => {
            app.identity.revocations_settled().await;
            Ok(())
        }
    }
}

async fn end(app: &App, claims: &AccessClaims, origin: &Origin) -> Result<(), OAuthError> {
    let now = app.identity.clock().now();
    let exp = DateTime::from_timestamp(claims.exp, 0).unwrap_or(now);
    let revocation = Revocation::of_token(claims.jti.as_str(), RevocationReason::Revoked, exp);
    // What was exchanged from a token without a session names it as its session.
    let derived = claims
        .sid
        .is_none()
        .then(|| Revocation::of_session(claims.jti.as_str(), RevocationReason::Revoked, now));
    let event = AuditEvent::new(now, "token.revoke", origin).target(claims.jti.as_str());
    let work = move |conn: &mut _| {
        revocations::revoke(conn, &revocation)?;
        if let Some(derived) = &derived {
            revocations::revoke(conn, derived)?;
        }
        audit::insert(conn, &event)
    };
    app.identity.write_revoking::<_, StoreError, _>(work).await?;
    Ok(())
}
