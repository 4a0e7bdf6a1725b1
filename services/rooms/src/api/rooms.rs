//! Rooms. `contracts/meet.md` §8, §12.1.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use meet_dialect::refusal::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::authorization::{CreateRoom, DeleteRoom, ListRooms, Permitted, RetrieveRoom, UpdateRoom};
use super::body;
use super::error::ApiError;
use super::links::Links;
use super::openapi::{
    BadRequest, Forbidden, PageNotFound, PageParams, RoomChange, RoomCreate, RoomNotFound, Unauthorized,
    Unavailable,
};
use super::page::PageBody;
use super::query::Query;
use super::routes;
use crate::app::App;
use crate::audit::Act;
use crate::domain::changes::RoomChanges;
use crate::domain::configuration::Configuration;
use crate::domain::room::{AccessLevel, NewRoom, Room, RoomId};
use crate::settings::RoomsSettings;
use crate::store::{new_room, rooms};

/// The rooms in which the token's user holds any role, by name.
///
/// # Errors
/// 404 for a page that does not exist.
#[utoipa::path(
    get, path = "/external-api/v1.0/rooms", operation_id = "listRooms", tag = "Rooms",
    security(("BearerAuth" = ["rooms:list"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(PageParams),
    responses(
        (status = 200, description = "A page of rooms", body = PageBody<RoomBody>),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = PageNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "rooms.list", skip_all, fields(account.id = %caller.person().account))]
pub async fn list(
    caller: Permitted<ListRooms>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Json<PageBody<RoomBody>>, ApiError> {
    let asked = Query::of(&request).page(app.settings.limits.page_sizes());
    let account = caller.person().account;
    let found = app.read(caller.person(), move |conn| {
        let page = asked.of(rooms::count(conn, account)?)?;
        Ok::<_, ApiError>((page, rooms::list(conn, account, page)?))
    });
    let (page, rooms) = found.await?;
    let links = Links::of(&request, &app.origin);
    let bodies = rooms.into_iter().map(|room| RoomBody::new(room, &app.settings)).collect();
    Ok(Json(PageBody::new(page, &links, bodies)))
}

/// Creates a room, of which the token's user becomes the owner.
///
/// # Errors
/// 400 for values that are not allowed.
#[utoipa::path(
    post, path = "/external-api/v1.0/rooms", operation_id = "createRoom", tag = "Rooms",
    security(("BearerAuth" = ["rooms:create"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    request_body(content = Option<RoomCreate>),
    responses(
        (
            status = 201, description = "The new room", body = RoomBody,
            headers(("Location" = String, description = "The room's web address, where there is one"))
        ),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "rooms.create", skip_all, fields(account.id = %caller.person().account))]
pub async fn create(
    caller: Permitted<CreateRoom>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    let fields = body::fields(&request, payload, app.settings.limits.body).await?;
    let policy = app.settings.level_policy();
    let changes = RoomChanges::parse(&fields, policy)?;
    let creator = caller.person().clone();
    let new = NewRoom::new(changes, policy, creator.client.clone(), app.clock.now());
    let (pins, randomness) = (app.pins(), app.randomness.clone());
    let created = app.write(caller.person(), move |conn| {
        let room = new_room::create(conn, &new, &creator, pins, &*randomness)?;
        let act = Act::on_room("room.create", room.id);
        Ok::<_, ApiError>((room, Some(act)))
    });
    let room = created.await?;
    metrics::counter!("tessera_rooms_created_total").increment(1);
    let body = RoomBody::new(room, &app.settings);
    let mut response = HttpResponse::Created();
    if let Some(url) = &body.url {
        response.insert_header((LOCATION, url.as_str()));
    }
    Ok(response.json(body))
}

/// One room, to anybody with a role in it.
///
/// # Errors
/// 404 for an unknown room, 403 without a role.
#[utoipa::path(
    get, path = "/external-api/v1.0/rooms/{id}", operation_id = "retrieveRoom", tag = "Rooms",
    security(("BearerAuth" = ["rooms:retrieve"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses(
        (status = 200, description = "The room", body = RoomBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "rooms.retrieve", skip_all, fields(account.id = %caller.person().account))]
pub async fn retrieve(
    caller: Permitted<RetrieveRoom>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Json<RoomBody>, ApiError> {
    let room = app.room(caller.person(), room_id(&request)?).await?.ok_or(ApiError::NoSuchRoom)?;
    Ok(Json(RoomBody::new(room.readable()?, &app.settings)))
}

/// Changes access level and configuration, for administrators and owners.
///
/// # Errors
/// 400 for values that creation would refuse too, 404 for an unknown room, 403 for a weaker role.
#[utoipa::path(
    patch, path = "/external-api/v1.0/rooms/{id}", operation_id = "updateRoom", tag = "Rooms",
    security(("BearerAuth" = ["rooms:update"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body(content = RoomChange),
    responses(
        (status = 200, description = "The changed room", body = RoomBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "rooms.update", skip_all, fields(account.id = %caller.person().account))]
pub async fn update(
    caller: Permitted<UpdateRoom>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<Json<RoomBody>, ApiError> {
    let fields = body::fields(&request, payload, app.settings.limits.body).await?;
    let changes = RoomChanges::parse(&fields, app.settings.level_policy())?;
    let (id, account, now) = (room_id(&request)?, caller.person().account, app.clock.now());
    let updated = app.write(caller.person(), move |conn| {
        let room = rooms::find_and_hold(conn, id, account)?.ok_or(ApiError::NoSuchRoom)?;
        let (mut room, _) = room.administrable()?;
        room.apply(changes.clone());
        rooms::update(conn, &room, now)?;
        Ok::<_, ApiError>((room, Some(Act::on_room("room.update", id))))
    });
    Ok(Json(RoomBody::new(updated.await?, &app.settings)))
}

/// Deletes a room, for owners and through the client that made it.
///
/// # Errors
/// 404 for an unknown room, 403 for a weaker role or another client.
#[utoipa::path(
    delete, path = "/external-api/v1.0/rooms/{id}", operation_id = "deleteRoom", tag = "Rooms",
    security(("BearerAuth" = ["rooms:delete"]), ("AccessToken" = [], "Client" = [], "Uid" = [])),
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses(
        (status = 204, description = "The room is gone"),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = RoomNotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "rooms.delete", skip_all, fields(account.id = %caller.person().account))]
pub async fn delete(
    caller: Permitted<DeleteRoom>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, ApiError> {
    let (id, person) = (room_id(&request)?, caller.person().clone());
    let deleted = app.write(caller.person(), move |conn| {
        let room = rooms::find_and_hold(conn, id, person.account)?.ok_or(ApiError::NoSuchRoom)?;
        rooms::delete(conn, room.deletable(&person.client)?.id)?;
        Ok::<_, ApiError>(((), Some(Act::on_room("room.delete", id))))
    });
    deleted.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The room's id in the path. It is read late: a token is checked before it.
///
/// # Errors
/// 404 for what is no id.
pub(super) fn room_id(request: &HttpRequest) -> Result<RoomId, ApiError> {
    routes::room_id(request).map_err(|_| Refusal::NotFound.into())
}

/// A room as clients see it. `contracts/meet.md` §8.1.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Room)]
pub struct RoomBody {
    /// The id.
    #[schema(value_type = uuid::Uuid, example = "7c9e6679-7425-40de-944b-e07fc1f90ae7")]
    id: RoomId,
    /// The name; of a room made through this API, its slug.
    #[schema(example = "aze-eere-zer")]
    name: String,
    /// The last part of the room's web address.
    #[schema(example = "aze-eere-zer")]
    slug: String,
    /// Who may enter without being let in.
    access_level: AccessLevel,
    /// What participants may do.
    #[schema(value_type = super::openapi::ConfigurationSchema)]
    configuration: Configuration,
    /// Where people enter the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<url::Url>, nullable = false, example = "https://meet.agency.example/aze-eere-zer")]
    url: Option<String>,
    /// How to dial in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    telephony: Option<Telephony>,
}

/// How to dial into a room. `contracts/meet.md` §8.5.
#[derive(Debug, Serialize, ToSchema)]
pub struct Telephony {
    /// Always true.
    enabled: bool,
    /// The number to dial.
    #[schema(example = "+33 1 84 00 00 00")]
    phone_number: Option<String>,
    /// The PIN; rooms made while telephony was off have none.
    #[schema(example = "0381994027")]
    pin_code: Option<String>,
    /// The country of that number.
    #[schema(example = "FR")]
    default_country: String,
}

impl RoomBody {
    fn new(room: Room, settings: &RoomsSettings) -> Self {
        let base = settings.application_base_url.as_ref();
        let telephony = &settings.telephony;
        Self {
            id: room.id,
            name: room.name,
            url: base.map(|base| format!("{}/{}", base.as_str().trim_end_matches('/'), room.slug)),
            slug: room.slug.to_string(),
            access_level: room.access_level,
            configuration: room.configuration,
            telephony: telephony.enabled.then(|| Telephony {
                enabled: true,
                phone_number: telephony.phone_number.clone(),
                pin_code: room.pin.map(|pin| pin.to_string()),
                default_country: telephony.default_country.clone(),
            }),
        }
    }
}
