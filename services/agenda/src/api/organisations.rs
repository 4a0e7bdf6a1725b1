//! Organisations. `contracts/rdv-sign-in.md` §12.4.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use identity::accounts::AccountId;
use identity::agents::{self, Level};
use identity::organizations::{self, Organization, OrganizationChange};
use rdv_dialect::error::{ForbiddenText, RdvError};
use rdv_dialect::page::{Meta, PageNumber};
use rdv_dialect::parameters::Parameters;
use rdv_dialect::paths;
use store::DbConn;

use super::openapi::{
    BadRequest, Forbidden, OrganisationChange, OrganisationNotFound, PageParams, Unauthorized, Unprocessable,
};
use super::refused::refused;
use super::routes::ID;
use super::viewer::{ListOrganisations, ShowOrganisation, UpdateOrganisation, Viewer, slice};
use crate::app::App;
use crate::domain::organisation::OrganisationForm;
use crate::domain::views::{OrganisationBody, OrganisationsBody};

/// The organisations where the caller has a role, by id.
///
/// # Errors
/// 401 without a valid credential; 400 for a body that cannot be parsed.
#[utoipa::path(
    get, path = "/api/v1/organisations", operation_id = "listOrganisations", tag = "Organisations",
    params(PageParams),
    responses(
        (status = 200, description = "A page of organisations", body = OrganisationsBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
    )
)]
#[tracing::instrument(name = "organisations.list", skip_all, fields(account.id = %viewer.account()))]
pub async fn list(
    viewer: Viewer<ListOrganisations>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, page) = (viewer.account(), PageNumber::of(&parameters));
    let read = move |conn: &mut DbConn| agents::organizations(conn, account, slice(page));
    let found = app.db.read(read).await?;
    let organisations = found.items.into_iter().map(Into::into).collect();
    viewer.answer(Ok(OrganisationsBody { organisations, meta: Meta::new(page, found.total) }))
}

/// One organisation, to anybody with a role in it.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown id; 403 without a role.
#[utoipa::path(
    get, path = "/api/v1/organisations/{id}", operation_id = "showOrganisation", tag = "Organisations",
    params(("id" = i64, Path, description = "The organisation")),
    responses(
        (status = 200, description = "The organisation", body = OrganisationBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = OrganisationNotFound),
    )
)]
#[tracing::instrument(name = "organisations.show", skip_all, fields(account.id = %viewer.account()))]
pub async fn show(
    viewer: Viewer<ShowOrganisation>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    Parameters::read(&request, payload).await?;
    let (account, id) = (viewer.account(), request.match_info().query(ID).to_owned());
    let found = app.db.read(move |conn| readable(conn, account, &id));
    viewer.answer(found.await.map(shown))
}

/// Changes an organisation, for its administrators. What is not named stays.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown id; 403 without the role of an administrator; 422 for values that
/// are not allowed.
#[utoipa::path(
    patch, path = "/api/v1/organisations/{id}", operation_id = "updateOrganisation", tag = "Organisations",
    params(("id" = i64, Path, description = "The organisation")),
    request_body(content(
        (OrganisationChange = "application/json"), (OrganisationChange = "application/x-www-form-urlencoded"),
        (OrganisationChange = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "The changed organisation", body = OrganisationBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = OrganisationNotFound),
        (status = 422, response = Unprocessable),
    )
)]
#[tracing::instrument(name = "organisations.update", skip_all, fields(account.id = %viewer.account()))]
pub async fn update(
    viewer: Viewer<UpdateOrganisation>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, id) = (viewer.account(), request.match_info().query(ID).to_owned());
    let act = viewer.act(&app);
    let changed = app.db.write(move |conn| {
        let organisation = administered(conn, account, &id)?;
        let change = change(&parameters)?;
        let name = change.name.clone().unwrap_or_default();
        organizations::update(conn, &act, &organisation.id, &change).map_err(|error| refused(error, &name))
    });
    viewer.answer(changed.await.map(shown))
}

fn shown(organisation: Organization) -> OrganisationBody {
    OrganisationBody { organisation: organisation.into() }
}

fn change(parameters: &Parameters) -> Result<OrganizationChange, RdvError> {
    let form = OrganisationForm {
        name: parameters.value("name").into(),
        phone_number: parameters.value("phone_number").into(),
        email: parameters.value("email").into(),
        verticale: parameters.value("verticale").into(),
    };
    Ok(form.change()?)
}

/// The organisation with this id, and the level that the caller has there.
fn find(conn: &mut DbConn, account: AccountId, id: &str) -> Result<(Organization, Option<Level>), RdvError> {
    let unknown = || RdvError::NotFoundOrganisation(id.to_owned());
    let number = paths::id(id).ok_or_else(unknown)?;
    let organisation = organizations::find_by_number(conn, number)?.ok_or_else(unknown)?;
    let level = agents::level_in(conn, account, &organisation.id)?;
    Ok((organisation, level))
}

/// §11.3: any role there permits to look at it.
fn readable(conn: &mut DbConn, account: AccountId, id: &str) -> Result<Organization, RdvError> {
    match find(conn, account, id)? {
        (organisation, Some(Level::Admin | Level::Basic | Level::Intervenant)) => Ok(organisation),
        (_, None) => Err(RdvError::Forbidden(ForbiddenText::Organisation)),
    }
}

/// §11.3: the role of an administrator there permits to change it.
fn administered(conn: &mut DbConn, account: AccountId, id: &str) -> Result<Organization, RdvError> {
    match find(conn, account, id)? {
        (organisation, Some(Level::Admin)) => Ok(organisation),
        (_, Some(Level::Basic | Level::Intervenant) | None) => {
            Err(RdvError::Forbidden(ForbiddenText::Action))
        }
    }
}
