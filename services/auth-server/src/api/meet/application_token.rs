//! `POST /external-api/v1.0/application/token` (`contracts/meet.md` §4).
//!
//! The checks stand in the order of the table of §4.4, which decides what a caller learns: whatever concerns the user
//! is seen only by an active application with the right secret.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::claims::AccessClaims;
use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, Utc};
use identity::accounts::{Account, EmailKey, ProvisionRefusal};
use identity::clients::{Client, ClientId, ClientKind, ClientRefusal};
use meet_dialect::body::{self, MediaType};
use meet_dialect::email;
use meet_dialect::refusal::Refusal;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::error::MeetError;
use crate::app::{App, lifetime};
use crate::domain::access::{Session, Terms};
use crate::domain::applications::Binding;
use crate::domain::email_domains;
use crate::domain::token_request::TokenRequest;
use crate::fresh_second;
use crate::issuing::Attempt;

/// The largest body the route reads.
const LARGEST_BODY: usize = 64 * 1024;
/// §2.3: every type that a generation of clients has sent.
const ACCEPTED: [MediaType; 3] = [MediaType::Json, MediaType::UrlEncoded, MediaType::Multipart];

/// A token to act for a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationToken<'a> {
    /// The access token: a JWT.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.eyJkZWxlZ2F0ZWQiOnRydWV9.c2ln")]
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    #[schema(example = 3600)]
    expires_in: i64,
    /// The application's scopes in stored order; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rooms:list rooms:create")]
    scope: Option<String>,
}

/// The fields of a token request.
#[derive(ToSchema)]
#[schema(example = json!({
    "client_id": "Qm3vT0aX9sLkP2wYc7RnHd41UeJzB8oFgTi6VxSy", "client_secret": "…",
    "grant_type": "client_credentials", "scope": "nadia.roux@agency.example"
}))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct ApplicationTokenRequest {
    /// The application's id.
    client_id: String,
    /// Its secret.
    client_secret: String,
    /// Always `client_credentials`.
    grant_type: String,
    /// The e-mail address of the user to act for.
    scope: String,
}

/// A refusal: `detail` for what the framework of the original raises, `error` for what its code says, both where clients
/// expect either. Field errors are an object of lists instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct MeetErrorBody {
    /// The sentence.
    detail: Option<String>,
    /// The sentence.
    error: Option<String>,
}

/// Issues a token with which an application acts for the user it names by e-mail in `scope`.
///
/// Served with and without the slash at the end.
///
/// # Errors
/// The table of `contracts/meet.md` §4.4.
#[utoipa::path(
    post,
    path = "/external-api/v1.0/application/token",
    tag = "Meet",
    request_body(
        description = "`application/json`, `application/x-www-form-urlencoded` or `multipart/form-data`",
        content((ApplicationTokenRequest = "application/json"),
            (ApplicationTokenRequest = "application/x-www-form-urlencoded"),
            (ApplicationTokenRequest = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The token", body = ApplicationToken<'static>),
        (status = 400, description = "Malformed body, fields or e-mail address", body = MeetErrorBody,
            example = json!({ "error": "Scope should be a valid email address." })),
        (status = 401, description = "Wrong credentials, or an inactive application", body = MeetErrorBody,
            example = json!({ "detail": "Invalid credentials", "error": "Invalid credentials" })),
        (status = 403, description = "The e-mail's domain is not one of the application's", body = MeetErrorBody,
            example = json!({ "error": "This application is not authorized for this email domain." })),
        (status = 404, description = "Nobody has this e-mail address; or the feature is off", body = MeetErrorBody,
            example = json!({ "detail": "User not found.", "error": "User not found." })),
        (status = 406, description = "`Accept` excludes JSON", body = MeetErrorBody,
            example = json!({ "detail": "Could not satisfy the request Accept header." })),
        (status = 409, description = "A user could be neither created nor found", body = MeetErrorBody,
            example = json!({ "error": "Failed to create or retrieve provisional user." })),
        (status = 413, description = "The body is larger than 64 KiB", body = MeetErrorBody,
            example = json!({ "detail": "Request body is too large." })),
        (status = 415, description = "Another type of body", body = MeetErrorBody,
            example = json!({ "detail": "Unsupported media type \"text/plain\" in request." })),
        (status = 429, description = "Too many failures; `Retry-After`", body = MeetErrorBody,
            example = json!({ "detail": "Request was throttled. Expected available in 60 seconds." })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = MeetErrorBody,
            example = json!({ "detail": "Service temporarily unavailable, try again later." })),
    ),
)]
#[tracing::instrument(name = "application_token.issue", skip_all, fields(dialect = "meet", client.id, grant_type, outcome))]
pub(crate) async fn application_token(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, MeetError> {
    let mut attempt = Attempt::new(&request, "meet");
    let outcome = answer(&app, &request, payload, &mut attempt).await;
    if let Err(error) = &outcome {
        attempt.refused(&app, error.outcome(), error.reason(), error.application());
    }
    outcome
}

/// Says what the route is.
pub(crate) async fn description() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "name": "Application Token",
        "description": "Issues a token with which an application acts for a user.",
        "renders": ["application/json"],
        "parses": ACCEPTED.map(MediaType::name),
    }))
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    attempt: &mut Attempt,
) -> Result<HttpResponse, MeetError> {
    let issued_at = app.identity.clock().now();
    if !app.settings.meet.enabled {
        return Err(Refusal::NotFound.into()); // row 3: before the body is read
    }
    app.limits.of_address(attempt.address())?;
    let fields = body::fields(request, payload, LARGEST_BODY, &ACCEPTED).await?; // row 4
    let wish = TokenRequest::parse(&fields).map_err(Refusal::Fields)?; // row 5
    attempt.client(&wish.client_id);
    attempt.grant("client_credentials");
    let client = authenticate(app, &wish, attempt).await?; // rows 6 and 7
    // Row 7 too: the application of this dialect is a client, and it signs in with its own secret.
    let binding = app.bind(&client, None, None, client.as_ref().into()).await?;
    if !email::is_valid(&wish.scope) {
        return Err(MeetError::Email); // row 8
    }
    if !email_domains::is_within(&wish.scope, &client.domains) {
        return Err(MeetError::Domain); // row 9
    }
    let (account, issued_at) = settled_account(app, &wish.scope, attempt, issued_at).await?; // rows 11 and 12
    let claims = claims(app, &client, &account, binding, issued_at);
    let token = attempt.issue(app, &claims).await?;
    Ok(render(&token, &claims))
}

/// Rows 6 and 7: inactivity is told only after the right secret.
async fn authenticate(app: &App, wish: &TokenRequest, attempt: &Attempt) -> Result<Arc<Client>, MeetError> {
    let address = attempt.address();
    app.identity.may_authenticate(&wish.client_id, address)?;
    let proven = prove(app, &wish.client_id, &wish.client_secret).await;
    match proven {
        Ok(_) | Err(ClientRefusal::Inactive) => app.identity.client_proven(&wish.client_id, address).await?,
        Err(ClientRefusal::Invalid) => app.identity.client_failed(&wish.client_id, address).await?,
        Err(ClientRefusal::Failed(_)) => {}
    }
    match proven {
        // Only an application may name the user it acts for; to this route every other client is an unknown one.
        Ok(client) if client.kind == ClientKind::Application => {
            app.limits.of_client(&client)?;
            Ok(client)
        }
        Ok(_) | Err(ClientRefusal::Invalid) => Err(MeetError::Credentials),
        Err(ClientRefusal::Inactive) => Err(MeetError::Inactive),
        Err(ClientRefusal::Failed(error)) => Err(error.into()),
    }
}

async fn prove(app: &App, id: &str, secret: &SecretString) -> Result<Arc<Client>, ClientRefusal> {
    if let Ok(id) = id.parse::<ClientId>() {
        return app.identity.authenticate_client(&id, secret).await;
    }
    // Nobody's id; the look-up it would have cost is made under one that could be somebody's.
    if let Ok(stand_in) = "-".parse() {
        let _ = app.identity.authenticate_client(&stand_in, secret).await;
    }
    Err(ClientRefusal::Invalid)
}

/// The account to act for, and from when on a token about it counts.
async fn settled_account(
    app: &App,
    email: &str,
    attempt: &Attempt,
    received_at: DateTime<Utc>,
) -> Result<(Account, DateTime<Utc>), MeetError> {
    let mut issued_at = received_at;
    loop {
        let (account, revoked) = delegated_account(app, email, attempt, issued_at).await?;
        match fresh_second::after(app, revoked, issued_at).await? {
            None => return Ok((account, issued_at)),
            Some(later) => issued_at = later,
        }
    }
}

/// Rows 11 and 12, and why everything is revoked that the account had at `issued_at`, if it is. Row 10, several users with one
/// e-mail address, cannot happen here: the directory keeps e-mail addresses unique without regard to case.
///
/// §4.5: a disabled account is not refused here. Its token is revoked from the start, and the rooms routes say so.
async fn delegated_account(
    app: &App,
    email: &str,
    attempt: &Attempt,
    issued_at: DateTime<Utc>,
) -> Result<(Account, Option<RevocationReason>), MeetError> {
    let key = email.parse::<EmailKey>();
    let known = match &key {
        Ok(key) => app.identity.find_account_by_email_at(key, issued_at).await?,
        // Well-formed, but longer than any stored address.
        Err(_) => None,
    };
    match known {
        Some((account, revoked)) if account.email_vouched => Ok((account, revoked)),
        // Somebody calls themselves so: an application does not mean them.
        Some(_) => Err(MeetError::User),
        None if !app.settings.meet.allow_user_creation => Err(MeetError::User),
        None => match app.identity.provision_account(email, &attempt.origin).await {
            Ok((account, _)) => {
                let revoked = app.identity.find_account_revocation(account.id, issued_at).await?;
                Ok((account, revoked))
            }
            Err(ProvisionRefusal::Email(_) | ProvisionRefusal::Lost) => Err(MeetError::Provisioning),
            Err(ProvisionRefusal::Failed(error)) => Err(error.into()),
        },
    }
}

/// The platform's token for the account, and the two claims of this dialect.
fn claims(
    app: &App,
    client: &Client,
    account: &Account,
    binding: Binding,
    issued_at: DateTime<Utc>,
) -> AccessClaims {
    let meet = &app.settings.meet;
    let terms = Terms {
        ttl: lifetime(client.access_token_ttl.unwrap_or(meet.token_ttl)),
        ..app.terms(client, issued_at, meet.audience.as_str().into(), client.scopes.clone(), binding)
    };
    let claims = terms.for_account(account, Session::default());
    AccessClaims { user_id: Some(claims.sub.clone()), delegated: true, ..claims }
}

fn render(token: &SecretString, claims: &AccessClaims) -> HttpResponse {
    HttpResponse::Ok().json(ApplicationToken {
        access_token: token.expose_secret(),
        token_type: "Bearer",
        expires_in: claims.exp - claims.iat,
        scope: (!claims.scope.is_empty()).then(|| claims.scope.to_string()),
    })
}
