//! `GET /api2/account/info/` (`contracts/seatable-tokens.md` §11.1).

use actix_web::{HttpRequest, HttpResponse, web};
use identity::accounts::Account;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::internal_id::InternalId;
use seatable_dialect::{SeaTableError, response};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::caller;
use crate::app::App;

/// An account about itself. What this platform does not count is told as unlimited and unused.
#[derive(Serialize, ToSchema)]
#[schema(as = SeaTableAccount)]
pub(crate) struct AccountInfo {
    /// The internal id, which clients give as `owner`.
    #[schema(example = "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local")]
    email: String,
    /// The name to show.
    #[schema(example = "Mira Holt")]
    name: String,
    /// The e-mail address, or nothing.
    #[schema(example = "mira.holt@example.org")]
    contact_email: String,
    /// The login.
    #[schema(example = "mira")]
    login_id: String,
    /// A picture.
    #[schema(example = "https://tables.example.org/media/avatars/default.png")]
    avatar_url: String,
    /// Whether it administers the platform.
    is_staff: bool,
    /// Always empty.
    institution: &'static str,
    /// Bytes it may store: -2, without limit.
    total: i64,
    /// Bytes it stores.
    usage: i64,
    /// The same in percent.
    space_usage: &'static str,
    /// Rows it may have: -1, without limit.
    row_total: i64,
    /// Rows it has.
    row_usage: i64,
    /// The same in percent.
    row_usage_rate: &'static str,
    /// Always false.
    enable_subscription: bool,
    /// Seconds between mails: 0, none are sent.
    dtable_updates_email_interval: i64,
    /// Seconds between mails: 0, none are sent.
    dtable_collaborate_email_interval: i64,
}

/// Tells an account about itself.
///
/// # Errors
/// 401 or 403 without an Account-Token, 429 to whoever asks too often.
#[utoipa::path(
    get,
    path = "/api2/account/info/",
    tag = "SeaTable",
    responses(
        (status = 200, description = "The account", body = AccountInfo),
        (status = 401, description = "Nobody knows the token, or its account is deleted", body = DetailBody),
        (status = 403, description = "No token, or a deactivated account", body = DetailBody),
        (status = 429, description = "Too many requests; `Retry-After`", body = DetailBody),
        (status = 503, description = "A dependency is down; `Retry-After`", body = ErrorMsgBody),
    ),
    security(("account_token" = [])),
)]
#[tracing::instrument(name = "account.info", skip_all)]
pub(crate) async fn account_info(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let account = caller::account(&app, &request).await?;
    Ok(response::ok(&AccountInfo::of(&app, account)))
}

impl AccountInfo {
    fn of(app: &App, account: Account) -> Self {
        Self {
            email: InternalId::new(*account.id.as_uuid()).to_string(),
            name: account.shown_name().unwrap_or_else(|| account.login.clone()),
            is_staff: account.is_administrator(),
            contact_email: account.email.unwrap_or_default(),
            login_id: account.login,
            avatar_url: avatar_url(app),
            institution: "",
            total: -2,
            usage: 0,
            space_usage: "0%",
            row_total: -1,
            row_usage: 0,
            row_usage_rate: "0%",
            enable_subscription: false,
            dtable_updates_email_interval: 0,
            dtable_collaborate_email_interval: 0,
        }
    }
}

/// One picture for everybody. Its address comes from settings, never from the request.
fn avatar_url(app: &App) -> String {
    let set = app.settings.seatable.avatar_url.as_ref().map(Url::to_string);
    set.unwrap_or_else(|| app.issuer.endpoint("/media/avatars/default.png"))
}
