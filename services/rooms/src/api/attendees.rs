//! Attendees of a room: who holds a role in it, and so enters past the lobby. `contracts/meet.md` §12.1.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use meet_dialect::refusal::Refusal;
use serde::Serialize;
use store::DbConn;
use utoipa::ToSchema;

use super::authorization::{Permitted, RetrieveRoom, UpdateRoom};
use super::body;
use super::error::ApiError;
use super::links::Links;
use super::openapi::{
    BadRequest, Forbidden, InvitationSchema, PageParams, RoomNotFound, Unauthorized, Unavailable,
};
use super::page::PageBody;
use super::query::Query;
use super::rooms::room_id;
use super::routes;
use crate::app::App;
use crate::audit::Act;
use crate::domain::access::{self, Access, AccessId, Role};
use crate::domain::attendance::Invitation;
use crate::domain::email::EmailAddress;
use crate::domain::room::RoomId;
use crate::store::{accesses, rooms};

/// The attendees of a room, by e-mail, to anybody with a role in it.
///
/// # Errors
/// 404 for an unknown room or page, 403 without a role.
#[utoipa::path(
    get, path = "/external-api/v1.0/rooms/{id}/attendees", operation_id = "listAttendees", tag = "Attendees",
    security(("BearerAuth" = ["rooms:retrieve"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = uuid::Uuid, Path, description = "The room"), PageParams),
    responses(
        (status = 200, description = "A page of attendees", body = PageBody<AttendeeBody>),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "attendees.list", skip_all, fields(account.id = %caller.person().account))]
pub async fn list(
    caller: Permitted<RetrieveRoom>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Json<PageBody<AttendeeBody>>, ApiError> {
    let asked = Query::of(&request).page(app.settings.limits.page_sizes());
    let (id, account) = (room_id(&request)?, caller.person().account);
    let found = app.read(caller.person(), move |conn| {
        let room = rooms::find(conn, id, account)?.ok_or(ApiError::NoSuchRoom)?.readable()?;
        let page = asked.of(accesses::count(conn, room.id)?)?;
        Ok::<_, ApiError>((page, accesses::list(conn, room.id, page)?))
    });
    let (page, accesses) = found.await?;
    let links = Links::of(&request, &app.origin);
    Ok(Json(PageBody::new(page, &links, accesses.into_iter().map(AttendeeBody::from).collect())))
}

/// Adds an attendee by e-mail, or changes the role of one who is there; for administrators and owners.
///
/// # Errors
/// 400 for wrong fields, 404 for an unknown room, 403 for a weaker role, for an administrator who would make an owner or
/// change one, and for the last owner who would no longer be one.
#[utoipa::path(
    post, path = "/external-api/v1.0/rooms/{id}/attendees", operation_id = "addAttendee", tag = "Attendees",
    security(("BearerAuth" = ["rooms:update"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body(content = InvitationSchema),
    responses(
        (status = 201, description = "The new attendee", body = AttendeeBody),
        (status = 200, description = "The attendee was there already", body = AttendeeBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "attendees.add", skip_all, fields(account.id = %caller.person().account))]
pub async fn add(
    caller: Permitted<UpdateRoom>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    let fields = body::fields(&request, payload, app.settings.limits.body).await?;
    let invitation = Invitation::parse(&fields)?;
    let (id, account, now) = (room_id(&request)?, caller.person().account, app.clock.now());
    let added = app.write(caller.person(), move |conn| {
        let room = rooms::find_and_hold(conn, id, account)?.ok_or(ApiError::NoSuchRoom)?;
        let (room, own) = room.administrable()?;
        invite(conn, room.id, own, &invitation, now)
    });
    Ok(match added.await? {
        Invited::Added(access) => HttpResponse::Created().json(AttendeeBody::from(access)),
        Invited::Known(access) => HttpResponse::Ok().json(AttendeeBody::from(access)),
    })
}

enum Invited {
    Added(Access),
    Known(Access),
}

/// Adds or changes an attendee of a room that this transaction holds.
fn invite(
    conn: &mut DbConn,
    room: RoomId,
    own: Role,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Result<(Invited, Option<Act>), ApiError> {
    let Some(mut known) = accesses::find_by_email(conn, room, &invitation.email.key())? else {
        let role = invitation.role.unwrap_or(Role::Member);
        access::may_grant(own, role)?;
        let email = Some(invitation.email.clone());
        let access = Access { id: AccessId::generate(), room, account: None, email, role };
        accesses::insert(conn, &access, now)?;
        let act = Act::on_attendee("attendee.add", room, access.id, Some(access.role));
        return Ok((Invited::Added(access), Some(act)));
    };
    let mut act = None;
    if let Some(role) = invitation.role.filter(|role| *role != known.role) {
        access::may_grant(own, role)?;
        access::may_change(own, known.role)?;
        access::keeps_an_owner(known.role, Some(role), accesses::count_owners(conn, room)?)?;
        accesses::set_role(conn, known.id, role, now)?;
        known.role = role;
        act = Some(Act::on_attendee("attendee.change", room, known.id, Some(role)));
    }
    Ok((Invited::Known(known), act))
}

/// Removes an attendee, for administrators and owners.
///
/// # Errors
/// 404 for an unknown room or attendee, 403 for a weaker role, for an administrator who would remove an owner, and for
/// the last owner.
#[utoipa::path(
    delete, path = "/external-api/v1.0/rooms/{id}/attendees/{attendee_id}", operation_id = "removeAttendee", tag = "Attendees",
    security(("BearerAuth" = ["rooms:update"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The room"),
        ("attendee_id" = uuid::Uuid, Path, description = "The attendee")
    ),
    responses(
        (status = 204, description = "The attendee is gone"),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "attendees.remove", skip_all, fields(account.id = %caller.person().account))]
pub async fn remove(
    caller: Permitted<UpdateRoom>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    let (id, account) = (room_id(&request)?, caller.person().account);
    let attendee = request.match_info().query(routes::ATTENDEE_ID).parse::<AccessId>().ok();
    let removed = app.write(caller.person(), move |conn| {
        let room = rooms::find_and_hold(conn, id, account)?.ok_or(ApiError::NoSuchRoom)?;
        let (room, own) = room.administrable()?;
        let attendee = attendee.ok_or(Refusal::NotFound)?;
        let access = accesses::find(conn, room.id, attendee)?.ok_or(Refusal::NotFound)?;
        access::may_change(own, access.role)?;
        access::keeps_an_owner(access.role, None, accesses::count_owners(conn, room.id)?)?;
        accesses::remove(conn, access.id)?;
        Ok::<_, ApiError>(((), Some(Act::on_attendee("attendee.remove", room.id, access.id, None))))
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An attendee as clients see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attendee)]
pub struct AttendeeBody {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    id: AccessId,
    /// The e-mail; the creator of a room may have none.
    #[schema(value_type = Option<String>, format = Email, example = "nadia.roux@agency.example")]
    email: Option<EmailAddress>,
    /// The role.
    role: Role,
}

impl From<Access> for AttendeeBody {
    fn from(access: Access) -> Self {
        Self { id: access.id, email: access.email, role: access.role }
    }
}
