//! Absences. `contracts/rdv-sign-in.md` §12.5.

mod permitted;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use identity::absences::{self, Absence};
use rdv_dialect::error::RdvError;
use rdv_dialect::page::{Meta, PageNumber};
use rdv_dialect::parameters::Parameters;
use store::DbConn;

use self::permitted::{readable, require_sees, target, writable};
use super::agents::organisation;
use super::openapi::{
    AbsenceChange, AbsenceCreate, AbsenceNotFound, AgentNotFound, BadRequest, Forbidden, ListParams,
    Unauthorized, Unprocessable,
};
use super::refused::refused;
use super::routes::ID;
use super::viewer::{CreateAbsence, DestroyAbsence, ListAbsences, ShowAbsence, UpdateAbsence, Viewer, slice};
use crate::app::App;
use crate::domain::absence::AbsenceForm;
use crate::domain::views::{AbsenceBody, AbsenceView, AbsencesBody};

/// The absences of the agents that the caller sees, the latest first; `organisation_id` narrows them as it narrows agents.
///
/// # Errors
/// 401 without a valid credential; 400 for a body that cannot be parsed.
#[utoipa::path(
    get, path = "/api/v1/absences", operation_id = "listAbsences", tag = "Absences",
    params(ListParams),
    responses(
        (status = 200, description = "A page of absences", body = AbsencesBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
    )
)]
#[tracing::instrument(name = "absences.list", skip_all, fields(account.id = %viewer.account()))]
pub async fn list(
    viewer: Viewer<ListAbsences>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, page) = (viewer.account(), PageNumber::of(&parameters));
    let organisation = organisation(&parameters);
    let read = move |conn: &mut DbConn| absences::list_visible(conn, account, organisation, slice(page));
    let found = app.db.read(read).await?;
    let now = app.clock.now();
    let absences = found.items.into_iter().map(|absence| AbsenceView::new(absence, now)).collect();
    viewer.answer(Ok(AbsencesBody { absences, meta: Meta::new(page, found.total) }))
}

/// Notes an absence of an agent that the caller sees. 200, not 201.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown `agent_email`; 422 for values that are not allowed, whoever's they
/// are; 403 for an agent whom the caller does not see.
#[utoipa::path(
    post, path = "/api/v1/absences", operation_id = "createAbsence", tag = "Absences",
    request_body(content(
        (AbsenceCreate = "application/json"), (AbsenceCreate = "application/x-www-form-urlencoded"),
        (AbsenceCreate = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "The new absence", body = AbsenceBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = AgentNotFound),
        (status = 422, response = Unprocessable),
    )
)]
#[tracing::instrument(name = "absences.create", skip_all, fields(account.id = %viewer.account()))]
pub async fn create(
    viewer: Viewer<CreateAbsence>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, act, today) = (viewer.account(), viewer.act(&app), app.today());
    let created = app.db.write(move |conn| {
        let agent = target(conn, &parameters)?;
        // §12.5: an invalid payload for a forbidden agent is 422.
        let new = form(&parameters).create(agent, today)?;
        require_sees(conn, account, new.agent)?;
        absences::insert(conn, &act, &new).map_err(|error| refused(error, ""))
    });
    viewer.answer(created.await.map(|absence| shown(absence, &app)))
}

/// One absence, of an agent that the caller sees.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown id; 403 for an agent whom the caller does not see.
#[utoipa::path(
    get, path = "/api/v1/absences/{id}", operation_id = "showAbsence", tag = "Absences",
    params(("id" = i64, Path, description = "The absence")),
    responses(
        (status = 200, description = "The absence", body = AbsenceBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = AbsenceNotFound),
    )
)]
#[tracing::instrument(name = "absences.show", skip_all, fields(account.id = %viewer.account()))]
pub async fn show(
    viewer: Viewer<ShowAbsence>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    Parameters::read(&request, payload).await?;
    let (account, id) = (viewer.account(), request.match_info().query(ID).to_owned());
    let found = app.db.read(move |conn| readable(conn, account, &id));
    viewer.answer(found.await.map(|absence| shown(absence, &app)))
}

/// Changes an absence of an agent that the caller sees. What is not named stays, and so does its agent.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown id; 403 for an agent whom the caller does not see; 422 for values
/// that are not allowed.
#[utoipa::path(
    patch, path = "/api/v1/absences/{id}", operation_id = "updateAbsence", tag = "Absences",
    params(("id" = i64, Path, description = "The absence")),
    request_body(content(
        (AbsenceChange = "application/json"), (AbsenceChange = "application/x-www-form-urlencoded"),
        (AbsenceChange = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "The changed absence", body = AbsenceBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = AbsenceNotFound),
        (status = 422, response = Unprocessable),
    )
)]
#[tracing::instrument(name = "absences.update", skip_all, fields(account.id = %viewer.account()))]
pub async fn update(
    viewer: Viewer<UpdateAbsence>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, id) = (viewer.account(), request.match_info().query(ID).to_owned());
    let (act, today) = (viewer.act(&app), app.today());
    let changed = app.db.write(move |conn| {
        let absence = writable(conn, account, &id)?;
        let absence = form(&parameters).update(absence, today)?;
        absences::update(conn, &act, &absence).map_err(|error| refused(error, ""))
    });
    viewer.answer(changed.await.map(|absence| shown(absence, &app)))
}

/// Removes an absence of an agent that the caller sees.
///
/// # Errors
/// 401 without a valid credential; 404 for an unknown id; 403 for an agent whom the caller does not see.
#[utoipa::path(
    delete, path = "/api/v1/absences/{id}", operation_id = "deleteAbsence", tag = "Absences",
    params(("id" = i64, Path, description = "The absence")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = AbsenceNotFound),
    )
)]
#[tracing::instrument(name = "absences.delete", skip_all, fields(account.id = %viewer.account()))]
pub async fn delete(
    viewer: Viewer<DestroyAbsence>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    Parameters::read(&request, payload).await?;
    let (account, id) = (viewer.account(), request.match_info().query(ID).to_owned());
    let act = viewer.act(&app);
    let removed = app.db.write(move |conn| {
        let absence = writable(conn, account, &id)?;
        let was_there = absences::delete(conn, &act, absence.id)?;
        if was_there { Ok(()) } else { Err(RdvError::NotFoundAbsence) }
    });
    viewer.answer_without_body(removed.await)
}

fn shown(absence: Absence, app: &App) -> AbsenceBody {
    AbsenceBody { absence: AbsenceView::new(absence, app.clock.now()) }
}

fn form(parameters: &Parameters) -> AbsenceForm<'_> {
    AbsenceForm {
        title: parameters.value("title").into(),
        first_day: parameters.value("first_day").into(),
        start_time: parameters.value("start_time").into(),
        end_day: parameters.value("end_day").into(),
        end_time: parameters.value("end_time").into(),
    }
}
