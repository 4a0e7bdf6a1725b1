//! `POST /oauth/introspect` (RFC 7662, `contracts/oauth2.md` §5).

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::claims::{Audience, OrganizationMembership, SubjectKind};
use auth_claims::device::DeviceTriple;
use auth_claims::roles::Role;
use auth_claims::scopes::Scopes;
use auth_claims::verify::VerifyError;
use chrono::{DateTime, Utc};
use identity::account_tokens::AccountTokenStanding;
use identity::accounts::Account;
use identity::audit::Origin;
use identity::clients::Client;
use identity::refresh::Family;
use seatable_dialect::dialect::is_stored_token;
use serde::Serialize;
use service_kit::client_address;

use super::client_auth::Credentials;
use super::error::{OAuthError, OAuthErrorBody};
use super::form::Form;
use super::openapi::{IntrospectionRequest, IntrospectionResponse};
use crate::app::App;
use crate::device;
use crate::issuing;
use crate::presented::TokenRefusal;

/// What is said of a token.
enum Introspection {
    Inactive,
    /// An access token, already in JSON.
    Access(Bytes),
    Refresh(Box<RefreshToken>),
    Credential(Box<Credential>),
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

/// A refresh token, in the same words.
#[derive(Serialize)]
struct RefreshToken {
    active: bool,
    token_type: &'static str,
    username: String,
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    client_id: String,
    scope: Scopes,
    sid: String,
    auth_time: i64,
    kind: SubjectKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    organizations: Vec<OrganizationMembership>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Role>,
}

/// A device session or an Account-Token, in the same words. It was issued to no client, and names no audience.
#[derive(Serialize)]
struct Credential {
    active: bool,
    token_type: &'static str,
    username: String,
    iss: String,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    iat: i64,
    sid: String,
    auth_time: i64,
    kind: SubjectKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    organizations: Vec<OrganizationMembership>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Role>,
}

/// Tells whether a token is active, and what it says.
///
/// A client may ask about what was issued to it or names it in `aud`, a client with the role `SERVICE` about anything,
/// Account-Tokens and device sessions included; these it shows as they are exchanged: base64url of the JSON
/// `{"access-token","client","uid"}`.
/// Every other token is `{"active":false}` and nothing else.
///
/// # Errors
/// Those of client authentication; `invalid_request` without a token.
#[utoipa::path(
    post,
    path = "/oauth/introspect",
    tag = "OAuth 2",
    request_body(content = IntrospectionRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What is known about the token", body = IntrospectionResponse),
        (status = 400, description = "The request is malformed", body = OAuthErrorBody),
        (status = 401, description = "The client is not authenticated", body = OAuthErrorBody),
        (status = 429, description = "Too many failures; `Retry-After`", body = OAuthErrorBody),
        (status = 503, description = "A dependency is down; `Retry-After`", body = OAuthErrorBody),
    ),
    security(("basic" = []), ()),
)]
#[tracing::instrument(name = "token.introspect", skip_all)]
pub(crate) async fn introspect(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, OAuthError> {
    let mut claimed = None;
    let outcome = answer(&app, &request, payload, &mut claimed).await;
    if let Err(error) = &outcome {
        let client_id = claimed.map(|credentials| credentials.id().to_owned());
        let origin = Origin { client_id, ..issuing::origin(&request, "oauth2") };
        issuing::refused(&app, &origin, "token.introspect", error.code());
    }
    match outcome? {
        Introspection::Inactive => super::answer(&Inactive { active: false }),
        Introspection::Access(json) => Ok(super::answer_json(json)),
        Introspection::Refresh(said) => super::answer(&said),
        Introspection::Credential(said) => super::answer(&said),
    }
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    claimed: &mut Option<Credentials>,
) -> Result<Introspection, OAuthError> {
    let form = Form::read(request, payload).await?;
    let credentials = claimed.insert(Credentials::read(request, &form)?);
    let client = credentials.authenticate_confidential(app, client_address(request)).await?;
    let token = form.require("token")?;
    // Boxed, but for access tokens: not each of their requests carries the room for all of these along.
    if let Some(triple) = DeviceTriple::from_subject_token(token) {
        return Box::pin(device_session(app, &client, triple)).await;
    }
    if is_stored_token(token) {
        return Box::pin(account_token(app, &client, token)).await;
    }
    match app.identity.find_family(token).await? {
        Some(found) if found.standing.is_ok() => Box::pin(refresh_token(app, &client, found.family)).await,
        Some(_) => Ok(Introspection::Inactive),
        None => access_token(app, &client, token).await,
    }
}

async fn access_token(app: &App, client: &Client, token: &str) -> Result<Introspection, OAuthError> {
    let (claims, username) = match app.tokens.verify_naming(token).await {
        Ok(named) => named,
        Err(TokenRefusal::Failed(error)) => return Err(error.into()),
        Err(TokenRefusal::Invalid(VerifyError::Unavailable)) => return Err(OAuthError::Unavailable),
        Err(TokenRefusal::Invalid(_)) => return Ok(Introspection::Inactive),
    };
    if !may_see(client, &claims.client_id, &claims.aud) {
        return Ok(Introspection::Inactive);
    }
    // The revocation of a deleted account ends with its last token; none is left then, and this is the second lock.
    let Some(username) = username else { return Ok(Introspection::Inactive) };
    app.introspected
        .of(&claims, username)
        .map(Introspection::Access)
        .map_err(|error| super::unwritten(&error))
}

async fn refresh_token(app: &App, client: &Client, family: Family) -> Result<Introspection, OAuthError> {
    let aud = Audience::from(family.audience);
    if !may_see(client, family.client_id.as_str(), &aud) {
        return Ok(Introspection::Inactive);
    }
    let Some(account) = account(app, &family.account_id.to_string()).await? else {
        return Ok(Introspection::Inactive);
    };
    let roles = account.effective_roles();
    Ok(Introspection::Refresh(Box::new(RefreshToken {
        active: true,
        token_type: "refresh_token",
        username: account.login,
        iss: app.issuer.to_string(),
        sub: account.id.to_string(),
        aud,
        exp: family.expires_at.timestamp(),
        iat: family.rotated_at.timestamp(),
        client_id: family.client_id.to_string(),
        scope: family.scope,
        sid: family.sid,
        auth_time: family.auth_time.timestamp(),
        kind: SubjectKind::User,
        organization_id: account.organization_id,
        organizations: account.organizations,
        roles,
    })))
}

async fn device_session(
    app: &App,
    client: &Client,
    triple: DeviceTriple,
) -> Result<Introspection, OAuthError> {
    if !client.roles.contains(&Role::Service) {
        return Ok(Introspection::Inactive);
    }
    let Some(session) = app.identity.find_device_session(&device::credential(triple)).await? else {
        return Ok(Introspection::Inactive);
    };
    let exp = Some(session.expires_at.timestamp());
    let credential = Credential::new(app, "device_session", session.account, session.sid, session.created_at);
    Ok(Introspection::Credential(Box::new(Credential { exp, ..credential })))
}

async fn account_token(app: &App, client: &Client, token: &str) -> Result<Introspection, OAuthError> {
    if !client.roles.contains(&Role::Service) {
        return Ok(Introspection::Inactive);
    }
    match app.identity.find_account_token(token).await? {
        AccountTokenStanding::Usable { account, sid, created_at } => {
            let credential = Credential::new(app, "account_token", account, sid, created_at);
            Ok(Introspection::Credential(Box::new(credential)))
        }
        AccountTokenStanding::Unknown | AccountTokenStanding::Deleted | AccountTokenStanding::Disabled(_) => {
            Ok(Introspection::Inactive)
        }
    }
}

impl Credential {
    /// One that never expires.
    fn new(
        app: &App,
        token_type: &'static str,
        account: Account,
        sid: String,
        began_at: DateTime<Utc>,
    ) -> Self {
        Self {
            active: true,
            token_type,
            iss: app.issuer.to_string(),
            sub: account.id.to_string(),
            exp: None,
            iat: began_at.timestamp(),
            sid,
            auth_time: began_at.timestamp(),
            kind: SubjectKind::User,
            roles: account.effective_roles(),
            username: account.login,
            organization_id: account.organization_id,
            organizations: account.organizations,
        }
    }
}

/// Whose tokens a client may look at.
fn may_see(client: &Client, issued_to: &str, audience: &Audience) -> bool {
    let id = client.id.as_str();
    client.roles.contains(&Role::Service) || issued_to == id || audience.contains(id)
}

async fn account(app: &App, id: &str) -> Result<Option<Account>, OAuthError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(app.identity.find_account(id).await?.filter(|account| account.enabled))
}
