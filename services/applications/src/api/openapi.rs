//! The description of this API for clients and their generators.
#![expect(dead_code, reason = "the shapes of bodies stand here for the description; `domain` reads them")]

use std::collections::HashMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToResponse, ToSchema};

use super::boot::BootError;
use super::error::OAuthError;
use super::{applications, lists};
use crate::domain::application::Kind;

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Applications API",
        version = "1.0.0",
        description = "Applications of organisations. Send `Authorization: Bearer <token>`; roles, permissions and the \
            organisation are those of the token. An agent who has signed in with a device sends `access-token`, `client` \
            and `uid` instead.",
        license(name = "Apache-2.0")
    ),
    paths(
        applications::get, applications::update, applications::delete, lists::all, applications::create,
        applications::availability, lists::of_organization
    ),
    components(
        schemas(BootError, OAuthError, NewApplication, UpdatedApplication),
        responses(
            BadRequest, Unauthorized, Forbidden, NotFound, NotAcceptable, Conflict, TooLarge, QueryTooLong,
            UnsupportedMediaType, Unavailable
        )
    ),
    modifiers(&Credentials),
    tags((name = "Applications", description = "Applications"))
)]
struct Document;

struct Credentials;

/// The headers of a device session, which belong together, and what they hold. `contracts/rdv-sign-in.md` §4.1.
const DEVICE_SESSION: [(&str, &str, &str); 3] = [
    ("AccessToken", "access-token", "The token of a device session, with `client` and `uid`"),
    ("Client", "client", "The device, as its sign-in named it"),
    ("Uid", "uid", "The agent's e-mail address, in lower case"),
];

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("BearerAuth", SecurityScheme::Http(bearer));
        for (scheme, header, description) in DEVICE_SESSION {
            let value = ApiKeyValue::with_description(header, description);
            components.add_security_scheme(scheme, SecurityScheme::ApiKey(ApiKey::Header(value)));
        }
    }
}

/// The part of a list that is asked for, in either spelling. Nothing about `page` and `size` is ever an error.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// The number of the page, from 0. Default: 0.
    #[param(minimum = 0)]
    page: Option<i32>,
    /// Items on a page. Default: 20.
    #[param(minimum = 1, maximum = 2000)]
    size: Option<i32>,
    /// Names of properties, perhaps `asc` or `desc`, perhaps `ignorecase`, between commas; repeatable. Properties are
    /// `id`, `organizationId`, `type`, `version`, `createdAt`, `modifiedAt`, `visible`, `disabled`, `expiresAt` and
    /// `anonymousRegistrationEnabled`. Default: `createdAt,desc`.
    #[param(example = json!(["type,id,desc"]), explode = true)]
    sort: Option<Vec<String>>,
    /// The same three in one value; a property in it that lists cannot be sorted by is ignored.
    #[param(example = "page,0,size,1,sort,type,desc")]
    pageable: Option<String>,
}

/// A new application.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateApplicationWebCommand)]
pub(super) struct NewApplication {
    /// What it is for.
    r#type: Kind,
    /// Anything. `GENESYS` needs the texts `organizationId` and `pcEnvironment`.
    config: HashMap<String, serde_json::Value>,
    /// Of internal callers only, ignored from others. Default: a new UUID.
    #[schema(min_length = 1, max_length = 255, pattern = "^[A-Za-z0-9._-]+$")]
    id: Option<String>,
    /// Of internal callers only, ignored from others. Default: the caller's.
    #[schema(min_length = 1, max_length = 255)]
    organization_id: Option<String>,
    /// Whether authentication through it is refused. Default: false.
    disabled: Option<bool>,
}

/// What an application should be like from now on.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateApplicationWebCommand)]
pub(super) struct UpdatedApplication {
    /// What it is for.
    r#type: Kind,
    /// Replaces the whole configuration, except for sections that the caller does not see and does not send.
    config: HashMap<String, serde_json::Value>,
    /// The version that was read. Without one, the last write wins.
    version: Option<i64>,
    /// Of internal callers only, ignored from others. Default: no change.
    #[schema(min_length = 1, max_length = 255)]
    organization_id: Option<String>,
    /// Whether authentication through it is refused. Default: no change.
    disabled: Option<bool>,
}

/// The body cannot be read or its content is wrong, or a list cannot be sorted like that.
#[derive(ToResponse)]
#[response(
    description = "The body cannot be read or its content is wrong, or a list cannot be sorted like that",
    content_type = "application/json",
    example = json!({
        "timestamp": "2026-03-01T09:30:00.123+00:00", "status": 400, "error": "Bad Request",
        "message": "config.pcEnvironment is required for type GENESYS", "path": "/api/applications"})
)]
pub(super) struct BadRequest(#[to_schema] BootError<'static>);

/// The credential is absent, expired, revoked or otherwise invalid.
#[derive(ToResponse)]
#[response(
    description = "The credential is absent, expired, revoked or otherwise invalid",
    content_type = "application/json",
    headers(("WWW-Authenticate" = String, description = "`Bearer` with the same error and description")),
    examples(
        ("missing" = (value = json!({
            "error": "unauthorized",
            "error_description": "Full authentication is required to access this resource"}))),
        ("expired" = (value = json!({
            "error": "invalid_token", "error_description": "Access token expired"}))),
        ("invalid" = (value = json!({
            "error": "invalid_token", "error_description": "Cannot convert access token to JSON"})))
    ))]
pub(super) struct Unauthorized(#[to_schema] OAuthError);

/// The caller may not do this.
#[derive(ToResponse)]
#[response(
    description = "The caller may not do this", content_type = "application/json",
    example = json!({"error": "access_denied", "error_description": "Access is denied"})
)]
pub(super) struct Forbidden(#[to_schema] OAuthError);

/// There is no such application within the caller's reach.
#[derive(ToResponse)]
#[response(
    description = "There is no such application within the caller's reach", content_type = "application/json",
    example = json!({
        "timestamp": "2026-03-01T09:30:00.123+00:00", "status": 404, "error": "Not Found",
        "message": "Application not found", "path": "/api/applications/nope"})
)]
pub(super) struct NotFound(#[to_schema] BootError<'static>);

/// `Accept` excludes JSON.
#[derive(ToResponse)]
#[response(description = "`Accept` excludes JSON", content_type = "application/json")]
pub(super) struct NotAcceptable(#[to_schema] BootError<'static>);

/// The version is not the current one, or the id is taken.
#[derive(ToResponse)]
#[response(
    description = "The version is not the current one, or the id is taken", content_type = "application/json",
    example = json!({
        "timestamp": "2026-03-01T09:30:00.123+00:00", "status": 409, "error": "Conflict",
        "message": "Application version does not match", "path": "/api/applications/helios-setup"})
)]
pub(super) struct Conflict(#[to_schema] BootError<'static>);

/// The body is larger than allowed.
#[derive(ToResponse)]
#[response(description = "The body is larger than allowed", content_type = "application/json")]
pub(super) struct TooLarge(#[to_schema] BootError<'static>);

/// The query string is longer than allowed.
#[derive(ToResponse)]
#[response(description = "The query string is longer than allowed", content_type = "application/json")]
pub(super) struct QueryTooLong(#[to_schema] BootError<'static>);

/// The body is not `application/json`.
#[derive(ToResponse)]
#[response(description = "The body is not `application/json`", content_type = "application/json")]
pub(super) struct UnsupportedMediaType(#[to_schema] BootError<'static>);

/// The database or the authorization server is out of reach; nothing has changed.
#[derive(ToResponse)]
#[response(
    description = "The database or the authorization server is out of reach; nothing has changed",
    content_type = "application/json",
    headers(("Retry-After" = u64, description = "Seconds"))
)]
pub(super) struct Unavailable(#[to_schema] BootError<'static>);
