//! The three exchanges for a Base-Token. `contracts/seatable-tokens.md` §8.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use auth_claims::caller::Authenticator;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::rates::Class;
use seatable_dialect::response::{self, no_store};
use seatable_dialect::{SeaTableError, header};
use serde::Serialize;
use service_kit::client_address;
use utoipa::ToSchema;

use super::account::Account;
use super::path;
use crate::app::App;
use crate::app::exchanges::{self, AppKey, Exchanged};
use crate::urls::Urls;

/// Where the token of a link stands in its path: `api`, `v2.1`, `external-link-tokens`, the token.
const LINK: usize = 3;

/// A Base-Token, and where it is good.
///
/// No member is ever named `exp`, `expires_in`, `expire_in`, `ttl` or `expires_at`: clients read those as seconds.
#[derive(Serialize, ToSchema)]
#[schema(as = BaseToken)]
pub struct BaseTokenBody {
    /// The name of the API-Token; only when one was exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "stock-sync")]
    app_name: Option<String>,
    /// The Base-Token: a JWT, good for three days.
    #[schema(
        example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.WnCeQwTsfriRiw2MgXB1Zhq62jeh8xDohuzZRaMSoUQ"
    )]
    access_token: String,
    /// The base.
    #[schema(example = "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613")]
    dtable_uuid: String,
    /// Where `dtable-server` is.
    #[schema(example = "https://tables.example.org/dtable-server/")]
    dtable_server: String,
    /// Where its socket is.
    #[schema(example = "https://tables.example.org/")]
    dtable_socket: String,
    /// Where `dtable-db` is.
    #[schema(example = "https://tables.example.org/dtable-db/")]
    dtable_db: String,
    /// The number of the workspace.
    #[schema(example = 61)]
    workspace_id: i64,
    /// The base's name.
    #[schema(example = "Stock Room")]
    dtable_name: String,
    /// Whether the data plane is behind an API gateway; only when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    use_api_gateway: Option<bool>,
}

fn told(app: &App, request: &HttpRequest, exchanged: Exchanged) -> HttpResponse {
    let urls = Urls::for_request(&app.settings, &app.origin, request);
    let Exchanged { access_token, base, app_name } = exchanged;
    no_store(response::ok(&BaseTokenBody {
        app_name,
        access_token,
        dtable_uuid: base.uuid_text(),
        dtable_server: urls.dtable_server,
        dtable_socket: urls.dtable_socket,
        dtable_db: urls.dtable_db,
        workspace_id: base.workspace_id,
        dtable_name: base.name,
        use_api_gateway: app.settings.use_api_gateway.then_some(true),
    }))
}

/// Exchanges an API-Token or a temporary one.
///
/// # Errors
/// 429; 403 for every credential that is neither, and never 401; 404 for a base in the trash.
#[utoipa::path(
    get, path = "/api/v2.1/dtable/app-access-token/",
    operation_id = "getBaseTokenWithApiToken", tag = "Base-Tokens",
    security(("apiToken" = [])),
    responses(
        (status = 200, description = "The Base-Token", body = BaseTokenBody),
        (status = 403, description = "No API-Token", body = ErrorMsgBody),
        (status = 404, description = "The base is in the trash", body = ErrorMsgBody),
        (status = 429, description = "Too many requests for this base", body = DetailBody),
    )
)]
#[tracing::instrument(name = "base_token.exchange_api_token", skip_all, fields(base.id))]
pub async fn of_api_token(
    request: HttpRequest,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, SeaTableError> {
    authenticator.ensure_not_disabled()?;
    // §4.2: whatever is wrong with a credential, the answer is the same.
    let found = match header::authorization(&request) {
        Ok(token) => app.find_app_key(&token).await?,
        Err(_) => None,
    };
    throttle(&app, &request, found.as_ref())?;
    let Some(key) = found else {
        exchanges::count("api_token", "denied");
        return Err(SeaTableError::permission_denied());
    };
    tracing::Span::current().record("base.id", key.base().id);
    // The revocation feed knows who is gone; nobody has to be asked.
    let revocations = authenticator.verifier().revocations();
    let key = key.unless_gone(|account| revocations.is_account_gone(account.as_str()));
    Ok(told(&app, &request, app.exchange_app_key(key)?))
}

/// §12: by the base of the token, and by address where there is none. Whether it succeeds makes no difference.
fn throttle(app: &App, request: &HttpRequest, key: Option<&AppKey>) -> Result<(), SeaTableError> {
    let (address, now) = (client_address(request), app.clock.uptime());
    match key {
        Some(key) => app.rates.of_id(Class::App, &key.base().uuid_text(), address, now),
        None => app.rates.of_address(Class::App, address, now),
    }
}

/// Exchanges the caller's own right to a base.
///
/// # Errors
/// In this order: 404 for workspace and base, 403 for whoever may not even read.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/access-token/",
    operation_id = "getBaseTokenWithAccountToken", tag = "Base-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    responses(
        (status = 200, description = "The Base-Token", body = BaseTokenBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "The caller may not read", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "base_token.exchange_account", skip_all, fields(account.id = %account.id()))]
pub async fn of_account(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let exchanged = app.exchange_account(account.id(), path::base(&request)?).await?;
    Ok(told(&app, &request, exchanged))
}

/// Exchanges an external link, for reading. Whoever has it may; an `Authorization` header is not looked at.
///
/// # Errors
/// 429; 404 for an unknown link; 403 for one that has ended or has a password; 404 for a base in the trash.
#[utoipa::path(
    get, path = "/api/v2.1/external-link-tokens/{external_link_token}/access-token/",
    operation_id = "getBaseTokenWithExternalLink", tag = "Base-Tokens",
    params(("external_link_token" = String, Path, description = "Without `custom/`")),
    responses(
        (status = 200, description = "The Base-Token", body = BaseTokenBody),
        (status = 403, description = "The link has ended, or has a password", body = ErrorMsgBody),
        (status = 404, description = "No such link, or its base is in the trash", body = ErrorMsgBody),
        (status = 429, description = "Too many requests from this address", body = DetailBody),
    )
)]
#[tracing::instrument(name = "base_token.exchange_link", skip_all)]
pub async fn of_link(
    request: HttpRequest,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, SeaTableError> {
    authenticator.ensure_not_disabled()?;
    app.rates.of_address(Class::Link, client_address(&request), app.clock.uptime())?;
    let token = path::segment(&request, LINK).ok().and_then(|token| token.parse().ok());
    let exchanged = app.exchange_link(token).await?;
    Ok(told(&app, &request, exchanged))
}
