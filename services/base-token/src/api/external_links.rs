//! External links of a base. `contracts/seatable-tokens.md` §10.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use seatable_dialect::SeaTableError;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::parameters::{Given, Integer, Parameters};
use seatable_dialect::response::{self, Success, no_store, timestamp};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::path;
use crate::app::App;
use crate::app::links::LinkWish;
use crate::audit;
use crate::domain::external_link::{ExpireDays, ExternalLink, LinkKind, LinkToken};
use crate::urls::Urls;

/// The most bytes of a password: what is longer only keeps the hashing busy.
const LONGEST_PASSWORD: usize = 4096;

/// A link.
#[derive(Serialize, ToSchema)]
#[schema(as = ExternalLink)]
pub struct LinkBody {
    /// Where it leads.
    #[schema(example = "https://tables.example.org/dtable/external-links/custom/spring-fair/")]
    url: String,
    /// What is exchanged.
    #[schema(example = "spring-fair")]
    token: String,
    /// Whether somebody chose the token.
    is_custom: bool,
    /// Always `read-only`.
    #[schema(example = "read-only")]
    permission: &'static str,
    /// Whether its time is over.
    is_expired: bool,
    /// When it ends; empty when it does not.
    #[schema(example = "2026-04-01T00:00:00+00:00")]
    expire_date: String,
}

impl LinkBody {
    fn of(link: &ExternalLink, server: &str, now: DateTime<Utc>) -> Self {
        let token = link.token.to_string();
        let part = if link.kind == LinkKind::Custom { "custom/" } else { "" };
        Self {
            url: format!("{server}dtable/external-links/{part}{token}/"),
            token,
            is_custom: link.kind == LinkKind::Custom,
            permission: "read-only",
            is_expired: link.is_expired(now),
            expire_date: link.expires_at.map(timestamp).unwrap_or_default(),
        }
    }
}

/// The links of a base.
#[derive(Serialize, ToSchema)]
#[schema(as = ExternalLinkList)]
pub struct LinksBody {
    /// The newest first.
    links: Vec<LinkBody>,
}

/// What a new link is to be. An empty text is as good as none.
#[derive(ToSchema)]
#[schema(as = NewExternalLink)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub struct NewLinkForm {
    /// A token of one's own choice.
    #[schema(example = "spring-fair", pattern = "^[0-9A-Za-z-]{5,30}$")]
    token: Option<String>,
    /// A link with a password is not exchanged here.
    password: Option<String>,
    /// For how many days it is good.
    #[schema(example = 30, minimum = 1)]
    expire_days: Option<i64>,
}

/// The links of a base.
///
/// # Errors
/// In this order: 404 for workspace and base, 403 for everybody but base administrators.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/external-links/",
    operation_id = "listExternalLinks", tag = "External links",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    responses(
        (status = 200, description = "The links", body = LinksBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "external_links.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let links = app.list_links(account.id(), path::base(&request)?).await?;
    let (server, now) = (server(&app, &request), app.clock.now());
    let links = links.iter().map(|link| LinkBody::of(link, &server, now)).collect();
    Ok(no_store(response::ok(&LinksBody { links })))
}

/// Makes a link.
///
/// # Errors
/// In this order: 400 for an argument, 404 for workspace and base, 403, 400 for a token that is taken, 400 for the
/// hundred and first link.
#[utoipa::path(
    post, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/external-links/",
    operation_id = "createExternalLink", tag = "External links",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    request_body(content(
        (NewLinkForm = "application/x-www-form-urlencoded"), (NewLinkForm = "multipart/form-data"),
        (NewLinkForm = "application/json"),
    )),
    responses(
        (status = 200, description = "The link", body = LinkBody),
        (status = 400, description = "An argument is wrong, the token is taken, or there are 100", body = ErrorMsgBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "external_links.create", skip_all, fields(account.id = %account.id()))]
pub async fn create(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let wish = wish(&Parameters::read(&request, payload).await?)?;
    let (base, made) = app.create_link(account.id(), path::base(&request)?, wish).await?;
    audit::record("external_link.create", &base, account.claims());
    Ok(no_store(response::ok(&LinkBody::of(&made, &server(&app, &request), app.clock.now()))))
}

/// Deletes a link; it is exchanged no more.
///
/// # Errors
/// In this order: 404 for workspace and base, 403, 404 for the link.
#[utoipa::path(
    delete, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/external-links/{external_link_token}/",
    operation_id = "deleteExternalLink", tag = "External links",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path), ("external_link_token" = String, Path)),
    responses(
        (status = 200, description = "It is gone", body = Success),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "No base administrator", body = ErrorMsgBody),
        (status = 404, description = "No such workspace, base or link", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "external_links.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let token = path::rest(&request).ok().and_then(|token| token.parse().ok());
    let base = app.delete_link(account.id(), path::base(&request)?, token).await?;
    audit::record("external_link.delete", &base, account.claims());
    Ok(response::success())
}

fn server(app: &App, request: &HttpRequest) -> String {
    Urls::for_request(&app.settings, &app.origin, request).server
}

/// What the parameters ask for, in the order of the contract's table. §10.2.
fn wish(parameters: &Parameters) -> Result<LinkWish, SeaTableError> {
    let token = match parameters.value("token") {
        Given::Absent | Given::Null | Given::Text("") => None,
        Given::Text(text) => Some(text.parse::<LinkToken>().map_err(|_| SeaTableError::invalid("token"))?),
        Given::NotText => return Err(SeaTableError::invalid("token")),
    };
    let expire_days = match parameters.integer("expire_days") {
        Integer::Absent => None,
        Integer::Value(days) => {
            Some(ExpireDays::try_from(days).map_err(|_| SeaTableError::invalid("expire_days"))?)
        }
        Integer::Invalid => return Err(SeaTableError::invalid("expire_days")),
    };
    let password = match parameters.scalar("password") {
        Given::Absent | Given::Null => None,
        Given::Text(text) if text.is_empty() => None,
        Given::Text(text) if text.len() <= LONGEST_PASSWORD => Some(SecretString::from(text)),
        Given::Text(_) | Given::NotText => return Err(SeaTableError::invalid("password")),
    };
    Ok(LinkWish { token, password, expire_days })
}
