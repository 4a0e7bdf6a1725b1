//! Lists of applications. `contracts/auvious-applications.md` §5, §7.4, §7.7.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::value::RawValue;

use super::authentication::Authenticated;
use super::error::ApiError;
use super::openapi::{
    BadRequest, Forbidden, NotAcceptable, PageParams, QueryTooLong, Unauthorized, Unavailable,
};
use super::views::{ApplicationBody, PageBody};
use super::{negotiation, path};
use crate::app::App;
use crate::domain::access::{Listing, Requester};
use crate::domain::application::Application;
use crate::domain::paging::PageRequest;
use crate::store::lists::Part;

/// The applications that the caller may list, the latest first unless another order is asked for: every one for a
/// `GLOBAL_ADMIN`, those of the own organisation for an `ADMIN`, the visible ones for others.
///
/// # Errors
/// 400 for a `sort` by something that lists cannot be sorted by, and for a page that is too large to be told at once.
#[utoipa::path(
    get, path = "/api/applications", operation_id = "getApplications", tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(PageParams),
    responses(
        (status = 200, description = "A page", body = PageBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 406, response = NotAcceptable),
        (status = 414, response = QueryTooLong),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.list", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn all(
    caller: Authenticated,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    negotiation::check(&request)?;
    let listing = caller.requester().listing();
    page(&caller, &request, &app, listing).await
}

/// Every application of an organisation, for internal callers.
///
/// # Errors
/// 403 for everybody else, also for their own organisation; 400 as for the list of all.
#[utoipa::path(
    get, path = "/api/applications/organizations/{organizationId}", operation_id = "getApplicationsByOrganization",
    tag = "Applications",
    security(("BearerAuth" = []), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("organizationId" = String, Path, description = "The organisation"), PageParams),
    responses(
        (status = 200, description = "A page", body = PageBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 406, response = NotAcceptable),
        (status = 414, response = QueryTooLong),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "applications.list_of", skip_all, fields(subject.id = %caller.claims().sub))]
pub async fn of_organization(
    caller: Authenticated,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    negotiation::check(&request)?;
    let listing = caller.requester().listing_of(path::organization_id(&request))?;
    page(&caller, &request, &app, listing).await
}

async fn page(
    caller: &Authenticated,
    request: &HttpRequest,
    app: &App,
    listing: Listing,
) -> Result<HttpResponse, ApiError> {
    let query = request.query_string();
    if query.len() > app.settings.limits.query {
        return Err(ApiError::QueryTooLong);
    }
    let asked = PageRequest::parse(query)?;
    let part = Part { offset: asked.offset(), limit: asked.size().into(), room: app.settings.limits.page };
    let requester = caller.requester().clone();
    let found = app.render_page(listing, asked.sort().clone(), part, move |application| {
        let item = item(&requester, &application);
        let size = item.as_ref().map_or(0, |item| item.get().len());
        (item, size)
    });
    let found = found.await?;
    let items = found.items.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::new(&asked, found.total, items)))
}

/// Whatever a list holds is redacted like the application itself, and is not shown out of reach. Only what is shown takes
/// room on the page, so that its limit tells nothing of what is hidden (§6 rule 5).
fn item(requester: &Requester, application: &Application) -> Result<Box<RawValue>, ApiError> {
    Ok(ApplicationBody::from(requester.reach(application)?).render()?)
}
