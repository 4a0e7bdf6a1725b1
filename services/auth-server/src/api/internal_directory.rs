//! `/internal/directory/people` and `/internal/directory/groups`: what other services ask of people and groups, and the two
//! changes of groups that they make for somebody. Nothing of it may be kept: the next answer may be another.
//!
//! The answers are those of [`InProcessDirectory`], which a service in this process asks without HTTP.

mod bodies;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use auth_client::directory::{NewDirectoryGroup, PeopleQuestion};
use identity::audit::Origin;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

pub(crate) use self::bodies::{GroupBody, MembershipBody, NewGroupBody, PeopleBody, PersonBody};
use super::bearer::{self, BearerError};
use crate::app::App;
use crate::in_process::{DirectoryFailure, InProcessDirectory};
use crate::issuing;

/// Opens these routes.
const SCOPE: &str = "internal:directory";

/// The largest body that is read: some more than as many ids as a question may have.
const LARGEST_BODY: usize = 64 * 1024;

const NO_GROUP: BearerError = BearerError::NotFound("there is no such group");

/// The people of these ids that there are.
///
/// In no particular order, and each once.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:directory`, 400 for a malformed body, 409 for
/// more than 500 ids, 413 for a body of more than 64 KiB.
#[utoipa::path(
    post,
    path = "/internal/directory/people",
    tag = "Internal",
    request_body(content = PeopleBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Those that there are", body = [PersonBody]),
        (status = 400, description = "The body is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 409, description = "More than 500 ids"),
        (status = 413, description = "The body is larger than 64 KiB"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.people", skip_all, fields(client.id))]
pub(crate) async fn people(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let malformed = BearerError::Request("the body is a JSON object of ids, a list of strings");
    let PeopleQuestion { ids } = read(&request, payload, malformed).await?;
    Ok(answer(StatusCode::OK, &directory.people_of(&ids).await?))
}

/// The groups of an account, ascending by id, and what it is in each.
///
/// An account that there is not has none.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:directory`.
#[utoipa::path(
    get,
    path = "/internal/directory/people/{id}/groups",
    tag = "Internal",
    params(("id" = String, Path, description = "The account's id, a UUID")),
    responses(
        (status = 200, description = "Its groups", body = [MembershipBody]),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.groups_of", skip_all, fields(client.id))]
pub(crate) async fn groups_of(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let account = request.match_info().query("id");
    Ok(answer(StatusCode::OK, &directory.memberships_of(account).await?))
}

/// A group, with those who decide on its things.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:directory`, 400 for a malformed number, 404
/// without such a group.
#[utoipa::path(
    get,
    path = "/internal/directory/groups/{number}",
    tag = "Internal",
    params(("number" = i64, Path, description = "The group's number")),
    responses(
        (status = 200, description = "The group", body = GroupBody),
        (status = 400, description = "The number is none"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 404, description = "No such group: `not_found`"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.group", skip_all, fields(client.id, group.number))]
pub(crate) async fn group(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let group = directory.group_of(number(&request)?).await?.ok_or(NO_GROUP)?;
    Ok(answer(StatusCode::OK, &group))
}

/// The members of a group, ascending by login: the first 1000.
///
/// # Errors
/// Those of [`group`].
#[utoipa::path(
    get,
    path = "/internal/directory/groups/{number}/members",
    tag = "Internal",
    params(("number" = i64, Path, description = "The group's number")),
    responses(
        (status = 200, description = "Its members", body = [PersonBody]),
        (status = 400, description = "The number is none"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 404, description = "No such group: `not_found`"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.members", skip_all, fields(client.id, group.number))]
pub(crate) async fn members(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let members = directory.members_of(number(&request)?).await?.ok_or(NO_GROUP)?;
    Ok(answer(StatusCode::OK, &members))
}

/// Makes a group, under an id that nobody chooses. The owner is its first member.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:directory`, 400 for a malformed body, 409 for
/// a name that is none, an unknown owner or one in as many groups as may be, 413 for a body of more than 64 KiB.
#[utoipa::path(
    post,
    path = "/internal/directory/groups",
    tag = "Internal",
    request_body(content = NewGroupBody, content_type = "application/json"),
    responses(
        (status = 201, description = "The group", body = GroupBody),
        (status = 400, description = "The body is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 409, description = "No such name, no such owner, or one in 100 groups: nothing has changed"),
        (status = 413, description = "The body is larger than 64 KiB"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.create_group", skip_all, fields(client.id))]
pub(crate) async fn create_group(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let malformed = BearerError::Request("the body is a JSON object of name and owner");
    let NewDirectoryGroup { name, owner } = read(&request, payload, malformed).await?;
    Ok(answer(StatusCode::CREATED, &directory.create(&name, &owner).await?))
}

/// For whom a group is removed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Remover {
    /// The account's id: the group's owner or an administrator.
    by: String,
}

/// Removes a group, for its owner or an administrator. Its members stay.
///
/// # Errors
/// Those of [`group`], and 400 without `by`, 409 for anybody else.
#[utoipa::path(
    delete,
    path = "/internal/directory/groups/{number}",
    tag = "Internal",
    params(("number" = i64, Path, description = "The group's number"), Remover),
    responses(
        (status = 204, description = "There is none any more"),
        (status = 400, description = "The number is none, or nobody is named"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:directory` is missing; RFC 6750"),
        (status = 404, description = "No such group: `not_found`"),
        (status = 409, description = "The account is neither its owner nor an administrator: nothing has changed"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:directory"])),
)]
#[tracing::instrument(name = "directory.delete_group", skip_all, fields(client.id, group.number))]
pub(crate) async fn delete_group(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, BearerError> {
    let directory = authorise(&app, &request).await?;
    let number = number(&request)?;
    let Remover { by } = web::Query::<Remover>::from_query(request.query_string())
        .map_err(|_| BearerError::Request("by is the account that removes the group"))?
        .into_inner();
    if directory.delete(number, &by).await? {
        Ok(HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish())
    } else {
        Err(NO_GROUP)
    }
}

/// The directory, on behalf of which service.
async fn authorise(app: &App, request: &HttpRequest) -> Result<InProcessDirectory, BearerError> {
    let client = bearer::require(app, request, SCOPE).await?;
    tracing::Span::current().record("client.id", &client);
    let origin = Origin { client_id: Some(client), ..issuing::origin(request, "internal") };
    Ok(InProcessDirectory::on_behalf_of(app.identity.clone(), origin))
}

fn number(request: &HttpRequest) -> Result<i64, BearerError> {
    let number = request.match_info().query("number").parse();
    let number = number.map_err(|_| BearerError::Request("this is not the number of a group"))?;
    tracing::Span::current().record("group.number", number);
    Ok(number)
}

async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    malformed: BearerError,
) -> Result<T, BearerError> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(BearerError::Request("the body must be application/json"));
    }
    let body = payload.to_bytes_limited(LARGEST_BODY).await.map_err(|_| BearerError::TooLarge)?;
    let body = body.map_err(|_| BearerError::Request("the body could not be read"))?;
    serde_json::from_slice(&body).map_err(|_| malformed)
}

fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

impl From<DirectoryFailure> for BearerError {
    fn from(failure: DirectoryFailure) -> Self {
        match failure {
            DirectoryFailure::Refused(reason) => Self::Refused(reason),
            DirectoryFailure::Failed(error) => error.into(),
        }
    }
}
