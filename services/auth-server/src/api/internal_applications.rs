//! `GET`, `PUT` and `DELETE /internal/applications/{id}`: where the service `applications` tells what has become of one, before it
//! takes effect there (`contracts/auvious-applications.md` §3.6 rule 4). What was answered with 204 holds for every request
//! that any auth server on this database gets from then on.
//!
//! What is told names the revision that it comes after (`If-Match`), which `GET` tells: what arrives after something else
//! was told is answered with 412 and changes nothing, however late it is.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use identity::IdentityError;
use identity::applications::{ApplicationId, ApplicationStatus, Told};
use identity::audit::Origin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bearer::{self, BearerError};
use crate::app::App;
use crate::issuing;

/// Opens these routes.
const SCOPE: &str = "internal:applications";

/// The largest body the route reads: many times what a status takes.
const LARGEST_BODY: usize = 16 * 1024;

const MALFORMED: BearerError =
    BearerError::Request("the body is a JSON object of organization_id, disabled and expires_at");

/// What authentication through an application depends on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "organization_id": "org-helios", "disabled": false, "expires_at": null }))]
pub(crate) struct ApplicationStatusBody {
    /// Whose members may authenticate through it; 1 to 255 characters.
    organization_id: String,
    /// Whether nobody may.
    disabled: bool,
    /// The instant from which on nobody may (RFC 3339), if there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<DateTime<Utc>>,
}

/// What is known of an application.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationRevisionBody {
    /// How often something was told of it; 0 when it is unknown. Also the `ETag`, in quotation marks.
    #[schema(example = 17)]
    revision: i64,
}

/// How often something was told of an application, there or not.
///
/// What is told next comes after that.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:applications`, 400 for a malformed id.
#[utoipa::path(
    get,
    path = "/internal/applications/{id}",
    tag = "Internal",
    params(("id" = String, Path, description = "1 to 255 of the characters `A-Z a-z 0-9 . _ -`")),
    responses(
        (status = 200, description = "The revision", body = ApplicationRevisionBody),
        (status = 400, description = "The id is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:applications` is missing; RFC 6750"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:applications"])),
)]
#[tracing::instrument(name = "application.revision", skip_all, fields(client.id, application.id))]
pub(crate) async fn get(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    authorise(&app, &request).await?;
    let revision = app.identity.application_revision(&application_id(&request)?).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((ETAG, format!("\"{revision}\"")));
    Ok(response.json(ApplicationRevisionBody { revision }))
}

/// Gives an application, new or known, this status, unless something else was told meanwhile.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:applications`, 400 for a malformed id or
/// body, 428 without `If-Match`, 412 when it comes too late.
#[utoipa::path(
    put,
    path = "/internal/applications/{id}",
    tag = "Internal",
    params(
        ("id" = String, Path, description = "1 to 255 of the characters `A-Z a-z 0-9 . _ -`"),
        ("If-Match" = String, Header, description = "The `ETag` of `GET`"),
    ),
    request_body(content = ApplicationStatusBody, content_type = "application/json"),
    responses(
        (status = 204, description = "It holds, for every request from now on"),
        (status = 400, description = "The id or the body is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:applications` is missing; RFC 6750"),
        (status = 412, description = "Something else was told since: nothing has changed"),
        (status = 413, description = "The body is larger than 16 KiB"),
        (status = 428, description = "Without `If-Match`"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:applications"])),
)]
#[tracing::instrument(name = "application.put", skip_all, fields(client.id, application.id))]
pub(crate) async fn put(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, BearerError> {
    let origin = authorise(&app, &request).await?;
    let id = application_id(&request)?;
    let status = read(&request, payload).await?;
    let after = revision(&request)?;
    let told = app.identity.put_application(&id, status, after, &origin).await;
    done(told.map_err(|error| match error {
        IdentityError::Invalid(_) => MALFORMED,
        other => other.into(),
    })?)
}

/// Forgets an application, and ends the refresh tokens bound to it.
///
/// They stay dead when there is an application of this id again. Access tokens live on until they expire.
///
/// # Errors
/// Those of [`put`]; an unknown id is none.
#[utoipa::path(
    delete,
    path = "/internal/applications/{id}",
    tag = "Internal",
    params(
        ("id" = String, Path, description = "1 to 255 of the characters `A-Z a-z 0-9 . _ -`"),
        ("If-Match" = String, Header, description = "The `ETag` of `GET`"),
    ),
    responses(
        (status = 204, description = "There is none, for every request from now on"),
        (status = 400, description = "The id is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:applications` is missing; RFC 6750"),
        (status = 412, description = "Something else was told since: nothing has changed"),
        (status = 428, description = "Without `If-Match`"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:applications"])),
)]
#[tracing::instrument(name = "application.delete", skip_all, fields(client.id, application.id))]
pub(crate) async fn delete(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    let origin = authorise(&app, &request).await?;
    let id = application_id(&request)?;
    done(app.identity.delete_application(&id, revision(&request)?, &origin).await?)
}

/// On behalf of which service.
async fn authorise(app: &App, request: &HttpRequest) -> Result<Origin, BearerError> {
    let client = bearer::require(app, request, SCOPE).await?;
    tracing::Span::current().record("client.id", &client);
    Ok(Origin {
        actor: Some(client.clone()),
        client_id: Some(client),
        ..issuing::origin(request, "internal")
    })
}

fn application_id(request: &HttpRequest) -> Result<ApplicationId, BearerError> {
    let malformed = BearerError::Request("this is not the id of an application");
    let id: ApplicationId = request.match_info().query("id").parse().map_err(|_| malformed)?;
    tracing::Span::current().record("application.id", id.as_str());
    Ok(id)
}

async fn read(request: &HttpRequest, payload: web::Payload) -> Result<ApplicationStatus, BearerError> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(BearerError::Request("the body must be application/json"));
    }
    let body = payload.to_bytes_limited(LARGEST_BODY).await.map_err(|_| BearerError::TooLarge)?;
    let body = body.map_err(|_| BearerError::Request("the body could not be read"))?;
    let ApplicationStatusBody { organization_id, disabled, expires_at } =
        serde_json::from_slice(&body).map_err(|_| MALFORMED)?;
    Ok(ApplicationStatus { organization_id, disabled, expires_at })
}

/// The revision that a request comes after: one entity tag, and a strong one.
fn revision(request: &HttpRequest) -> Result<i64, BearerError> {
    let mut tags = request.headers().get_all(IF_MATCH);
    let Some(tag) = tags.next() else { return Err(BearerError::Unconditional) };
    let number =
        tag.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse::<i64>().ok());
    match (number, tags.next()) {
        (Some(number), None) if number >= 0 => Ok(number),
        _ => Err(BearerError::Request("If-Match must be the ETag of the application")),
    }
}

fn done(told: Told) -> Result<HttpResponse, BearerError> {
    match told {
        Told::Done => Ok(HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish()),
        Told::Late => Err(BearerError::Late),
    }
}
