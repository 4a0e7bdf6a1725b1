//! `POST /oauth/token`: who asks, for which grant, and the answer (RFC 6749 §3.2, `contracts/oauth2.md` §3).
//!
//! To add a grant: a variant of `identity::clients::GrantType`, a file beside this one, an arm in [`grant`].

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::scopes::Scopes;
use identity::clients::GrantType;
use identity::refresh::PlainRefreshToken;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::client_auth::Credentials;
use super::error::{OAuthError, OAuthErrorBody};
use super::form::Form;
use super::grant::{GrantRequest, Granted};
use super::openapi::TokenRequest;
use super::{client_credentials, exchange, refresh};
use crate::app::App;
use crate::issuing::Attempt;

/// A granted token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse<'a> {
    /// The access token: a JWT (RFC 9068).
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJib29raW5nIn0.c2ln")]
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    #[schema(example = 3600)]
    expires_in: i64,
    /// The granted scopes, blank-separated, in registration order; empty when there are none.
    #[schema(example = "rooms:list rooms:create")]
    #[schema(value_type = String)]
    scope: &'a Scopes,
    /// The successor of a refresh token, or the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// What was issued, after an exchange (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    /// The access token's id.
    jti: &'a str,
    /// The organisation of the subject, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a str>,
}

/// Issues tokens.
///
/// `client_credentials`, `refresh_token` and token exchange (RFC 8693); the client authenticates by Basic or in the
/// form. Also served at `/security/oauth/token`. Through an application that is disabled, expired or gone nobody gets a
/// token: `invalid_grant` with the sentences `Application is disabled`, `Application is expired` and, for a refresh token,
/// `Application not found`; `Bad credentials` for one that is unknown or another organisation's.
///
/// # Errors
/// Those of `contracts/oauth2.md` §3.
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "OAuth 2",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token", body = TokenResponse<'static>),
        (status = 400, description = "The request or the grant is refused", body = OAuthErrorBody),
        (status = 401, description = "The client is not authenticated", body = OAuthErrorBody),
        (status = 413, description = "The body is larger than 64 KiB", body = OAuthErrorBody),
        (status = 429, description = "Too many failures or requests; `Retry-After`", body = OAuthErrorBody),
        (status = 503, description = "A dependency is down; `Retry-After`", body = OAuthErrorBody),
    ),
    security(("basic" = []), ()),
)]
#[tracing::instrument(name = "token.issue", skip_all, fields(dialect = "oauth2", client.id, grant_type, outcome))]
pub(crate) async fn token(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, OAuthError> {
    let mut attempt = Attempt::new(&request, "oauth2");
    let outcome = answer(&app, &request, payload, &mut attempt).await;
    if let Err(error) = &outcome {
        attempt.refused(&app, error.code(), &error.to_string(), error.application());
    }
    outcome
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    attempt: &mut Attempt,
) -> Result<HttpResponse, OAuthError> {
    let received_at = app.identity.clock().now();
    let form = Form::read(request, payload).await?;
    let credentials = Credentials::read(request, &form)?;
    attempt.client(credentials.id());
    let client = credentials.authenticate(app, attempt.address()).await?;
    let grant_type: GrantType =
        form.require("grant_type")?.parse().map_err(|_| OAuthError::UnsupportedGrantType)?;
    attempt.grant(grant_type.as_str());
    if !client.may_use(grant_type) {
        return Err(OAuthError::UnauthorizedClient);
    }
    if let Some(address) = exchange::presented_from(grant_type, &client, &form)? {
        attempt.origin.address = Some(address);
    }
    let origin = &attempt.origin;
    let request = GrantRequest { app, client: &client, form: &form, origin, received_at };
    let granted = grant(grant_type, &request).await?;
    let token = attempt.issue(app, &granted.claims).await?;
    render(token.expose_secret(), &granted)
}

async fn grant(grant_type: GrantType, request: &GrantRequest<'_>) -> Result<Granted, OAuthError> {
    match grant_type {
        GrantType::ClientCredentials => client_credentials::grant(request).await,
        // Boxed: not each request of another grant carries the room for these along.
        GrantType::RefreshToken => Box::pin(refresh::grant(request)).await,
        GrantType::TokenExchange => Box::pin(exchange::grant(request)).await,
        // Clients can be registered for it; nothing gives codes out yet.
        GrantType::AuthorizationCode => Err(OAuthError::UnsupportedGrantType),
    }
}

fn render(access_token: &str, granted: &Granted) -> Result<HttpResponse, OAuthError> {
    let claims = &granted.claims;
    super::answer(&TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: claims.exp - claims.iat,
        scope: &claims.scope,
        refresh_token: granted.refresh_token.as_ref().map(PlainRefreshToken::expose),
        issued_token_type: granted.issued_token_type,
        jti: &claims.jti,
        organization_id: claims.organization_id.as_deref(),
    })
}
