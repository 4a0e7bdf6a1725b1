//! API-Tokens of a base. `contracts/seatable-tokens.md` §6.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use seatable_dialect::SeaTableError;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::parameters::Parameters;
use seatable_dialect::response::{self, Success, no_store, timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::{arguments, path};
use crate::app::App;
use crate::audit;
use crate::domain::api_token::ApiToken;
use crate::domain::name::AppName;
use crate::domain::permission::Permission;

/// An API-Token.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub struct ApiTokenBody {
    /// Unique within the base.
    #[schema(example = "label printer")]
    app_name: String,
    /// In full: 40 hexadecimal digits.
    #[schema(example = "9a4420e7d1c85b3f60ea17f2c4d93b085e6f7a1c")]
    api_token: String,
    /// The account that made it.
    #[schema(example = "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local")]
    generated_by: String,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-02-20T07:31:55+00:00")]
    generated_at: String,
    /// When it was exchanged last; before the first time, when it was made.
    #[schema(format = DateTime, example = "2026-02-20T07:31:55+00:00")]
    last_access: String,
    /// `r` or `rw`.
    #[schema(value_type = String, example = "r")]
    permission: Permission,
}

impl From<&ApiToken> for ApiTokenBody {
    fn from(token: &ApiToken) -> Self {
        Self {
            app_name: token.app_name.to_string(),
            api_token: token.token.expose().to_owned(),
            generated_by: token.generated_by.internal(),
            generated_at: timestamp(token.generated_at),
            last_access: timestamp(token.last_access),
            permission: token.permission,
        }
    }
}

/// The API-Tokens of a base.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiTokenList)]
pub struct ApiTokensBody {
    /// In the order in which they were made.
    api_tokens: Vec<ApiTokenBody>,
}

/// What a new API-Token is to be.
#[derive(ToSchema)]
#[schema(as = NewApiToken)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub struct NewApiTokenForm {
    /// 1 to 255 characters, kept as they are.
    #[schema(example = "label printer", min_length = 1, max_length = 255)]
    app_name: String,
    /// `r` or `rw`.
    #[schema(example = "r")]
    permission: String,
}

/// What of an API-Token can be changed.
#[derive(ToSchema)]
#[schema(as = ApiTokenChange)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub struct ApiTokenForm {
    /// `r` or `rw`.
    #[schema(example = "rw")]
    permission: String,
}

/// The API-Tokens of a base. Temporary ones are not among them.
///
/// # Errors
/// In this order: 404 for workspace and base, 403 for everybody but base administrators.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/api-tokens/",
    operation_id = "listApiTokens", tag = "API-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    responses(
        (status = 200, description = "The tokens", body = ApiTokensBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "api_tokens.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let tokens = app.list_api_tokens(account.id(), path::base(&request)?).await?;
    let api_tokens = tokens.iter().map(ApiTokenBody::from).collect();
    Ok(no_store(response::ok(&ApiTokensBody { api_tokens })))
}

/// Makes an API-Token.
///
/// # Errors
/// In this order: 400 for `app_name`, 400 for `permission`, 404 for workspace and base, 403, 400 for a taken name.
#[utoipa::path(
    post, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/api-tokens/",
    operation_id = "createApiToken", tag = "API-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    request_body(content(
        (NewApiTokenForm = "application/x-www-form-urlencoded"), (NewApiTokenForm = "multipart/form-data"),
        (NewApiTokenForm = "application/json"),
    )),
    responses(
        (status = 201, description = "The token", body = ApiTokenBody),
        (status = 400, description = "An argument is wrong, or the name is taken", body = ErrorMsgBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "api_tokens.create", skip_all, fields(account.id = %account.id()))]
pub async fn create(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let name = parameters.text("app_name").and_then(|name| name.parse::<AppName>().ok());
    let name = name.ok_or_else(|| SeaTableError::invalid("app_name"))?;
    let permission = arguments::permission(&parameters)?;
    let at = path::base(&request)?;
    let (base, made) = app.create_api_token(account.id(), at, name, permission).await?;
    audit::record("api_token.create", &base, account.claims());
    Ok(no_store(response::created(&ApiTokenBody::from(&made))))
}

/// Changes what an API-Token opens its base for.
///
/// # Errors
/// In this order: 400 for `permission`, 404 for workspace and base, 403, 404 for the token, 400 if it has the permission.
#[utoipa::path(
    put, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/api-tokens/{app_name}/",
    operation_id = "updateApiToken", tag = "API-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path), ("app_name" = String, Path)),
    request_body(content(
        (ApiTokenForm = "multipart/form-data"), (ApiTokenForm = "application/x-www-form-urlencoded"),
        (ApiTokenForm = "application/json"),
    )),
    responses(
        (status = 200, description = "The token as it is now", body = ApiTokenBody),
        (status = 400, description = "The permission is wrong, or it is the same", body = ErrorMsgBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace, base or token", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "api_tokens.update", skip_all, fields(account.id = %account.id()))]
pub async fn update(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let permission = arguments::permission(&Parameters::read(&request, payload).await?)?;
    let (at, name) = (path::base(&request)?, app_name(&request));
    let (base, changed) = app.change_api_token(account.id(), at, name, permission).await?;
    audit::record("api_token.update", &base, account.claims());
    Ok(no_store(response::ok(&ApiTokenBody::from(&changed))))
}

/// Deletes an API-Token; it is exchanged no more.
///
/// # Errors
/// In this order: 404 for workspace and base, 403, 404 for the token.
#[utoipa::path(
    delete, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/api-tokens/{app_name}/",
    operation_id = "deleteApiToken", tag = "API-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path), ("app_name" = String, Path)),
    responses(
        (status = 200, description = "It is gone", body = Success),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace, base or token", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "api_tokens.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let base = app.delete_api_token(account.id(), path::base(&request)?, app_name(&request)).await?;
    audit::record("api_token.delete", &base, account.claims());
    Ok(response::success())
}

/// The name in the path; what can be no name names nothing.
fn app_name(request: &HttpRequest) -> Option<AppName> {
    path::rest(request).ok()?.parse().ok()
}
