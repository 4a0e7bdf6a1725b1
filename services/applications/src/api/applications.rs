//! One application: get, change, delete, create, and whether an id is free. `contracts/auvious-applications.md`
//! §7.1–§7.3, §7.5, §7.6.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::authentication::Authenticated;
use super::error::ApiError;
use super::openapi::{
    BadRequest, Conflict, Forbidden, NewApplication, NotAcceptable, NotFound, TooLarge, Unauthorized,
    Unavailable, UnsupportedMediaType, UpdatedApplication,
};
use super::views::{ApplicationBody, AvailabilityBody, CreatedBody};
use super::{body, negotiation, path};
use crate::app::App;
use crate::audit;
use crate::domain::access::Availability;
use crate::domain::command::{CreateCommand, UpdateCommand};
use crate::domain::decisions;
use crate::domain::refusal::Refusal;

/// An application, as far as the caller may see it.
///
/// # Errors
/// 404 for an unknown id, and for an application out of the caller's reach.
#[utoipa::path(
    get, path = "/api/applications/{id}", operation_id = "getApplication", tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = String, Path, description = "The application")),
    responses(
        (status = 200, description = "The application", body = ApplicationBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 406, response = NotAcceptable),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.get", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn get(
    caller: Authenticated,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    negotiation::check(&request)?;
    let found = app.find(path::application_id(&request)?).await?.ok_or(Refusal::Unknown)?;
    Ok(HttpResponse::Ok().json(ApplicationBody::from(caller.requester().reach(&found)?)))
}

/// Changes an application. A given `version` has to be the current one. Sections of the configuration that the caller
/// does not see are kept unless they are sent.
///
/// # Errors
/// In this order: 415, 413 and 400 for the body; 404 for an unknown id and for an application out of reach; 403; 400
/// for the content; 409 for another version; 503 when the authorization server cannot be told.
#[utoipa::path(
    put, path = "/api/applications/{id}", operation_id = "updateApplication", tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = String, Path, description = "The application")),
    request_body = UpdatedApplication,
    responses(
        (status = 204, description = "It is changed"),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 413, response = TooLarge),
        (status = 415, response = UnsupportedMediaType),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.update", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn update(
    caller: Authenticated,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    body::check_media_type(&request)?;
    let body = body::read(&request, payload, app.settings.limits.body).await?;
    let command = UpdateCommand::parse(&body)?;
    let (id, requester, clock) =
        (path::application_id(&request)?, caller.requester().clone(), app.clock.clone());
    let changed =
        app.change(id, move |stored| decisions::change(&requester, &command, stored, clock.now())).await?;
    audit::record("application.update", &changed.id, caller.claims());
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes an application, and ends what was granted through it.
///
/// # Errors
/// 404 for an unknown id and for an application out of reach; 403; 503 when the authorization server cannot be told.
#[utoipa::path(
    delete, path = "/api/applications/{id}", operation_id = "deleteApplication", tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = String, Path, description = "The application")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.delete", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn delete(
    caller: Authenticated,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    let (id, requester) = (path::application_id(&request)?, caller.requester().clone());
    app.delete(id.clone(), move |stored| decisions::delete(&requester, stored)).await?;
    audit::record("application.delete", &id, caller.claims());
    Ok(HttpResponse::NoContent().finish())
}

/// Creates an application: in the caller's organisation, or where an internal caller wants it.
///
/// # Errors
/// In this order: 415, 406, 413 and 400 for the body; 403; 400 for the content; 409 for a taken id; 503 when the
/// authorization server cannot be told.
#[utoipa::path(
    post, path = "/api/applications", operation_id = "createApplication", tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    request_body = NewApplication,
    responses(
        (status = 200, description = "It is made", body = CreatedBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 406, response = NotAcceptable),
        (status = 409, response = Conflict),
        (status = 413, response = TooLarge),
        (status = 415, response = UnsupportedMediaType),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.create", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn create(
    caller: Authenticated,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    body::check_media_type(&request)?;
    negotiation::check(&request)?;
    let body = body::read(&request, payload, app.settings.limits.body).await?;
    let command = CreateCommand::parse(&body)?;
    let new = decisions::create(caller.requester(), command, app.clock.now())?;
    let id = new.id.clone();
    app.create(new).await?;
    audit::record("application.create", &id, caller.claims());
    Ok(HttpResponse::Ok().json(CreatedBody { id }))
}

/// Whether an id is free: everywhere, or, for a client of an organisation, among the applications of that one.
///
/// # Errors
/// 403 for everybody but internal callers and clients of an organisation.
#[utoipa::path(
    get, path = "/api/applications/{id}/availability", operation_id = "isApplicationIdAvailable",
    tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = String, Path, description = "Any text")),
    responses(
        (status = 200, description = "Whether it is", body = AvailabilityBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 406, response = NotAcceptable),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.availability", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn availability(
    caller: Authenticated,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    negotiation::check(&request)?;
    let within = match caller.requester().availability()? {
        Availability::Anywhere => None,
        Availability::Within(organization) => Some(organization),
    };
    // §7.6: what can be no id is in no use.
    let taken = match path::application_id(&request) {
        Ok(id) => app.is_taken(id, within).await?,
        Err(_) => false,
    };
    Ok(HttpResponse::Ok().json(AvailabilityBody { available: !taken }))
}
