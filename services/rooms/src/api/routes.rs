//! Which path and method leads where. `contracts/meet.md` §1, §12.1.
//!
//! Every resource has both slash forms. The auth server mounts the token endpoint below the same prefix, and has to be
//! first: what it leaves leads here, or nowhere.

use actix_web::dev::{HttpServiceFactory, Service as _, ServiceRequest, Url};
use actix_web::http::{Method, Uri};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpMessage as _, HttpRequest, Resource, web};
use auth_claims::caller::Authenticator;
use auth_claims::device::body_parameters;
use meet_dialect::conventions::Conventions;
use meet_dialect::pages;
use meet_dialect::paths::both_forms;

use super::{attendees, methods, query, rooms};
use crate::app::App;
use crate::domain::room::{NotAnId, RoomId};

/// The name of the room's id in paths.
const ROOM_ID: &str = "id";
/// The name of the attendee's id in paths.
pub(super) const ATTENDEE_ID: &str = "attendee_id";

const PREFIX: &str = "/external-api/v1.0";
const ROOMS: &str = "/rooms";
/// §1: an id is one segment without a dot; with one, the path leads nowhere.
const ROOM: &str = "/rooms/{id:[^/.]+}";
const ATTENDEES: &str = "/rooms/{id:[^/.]+}/attendees";
const ATTENDEE: &str = "/rooms/{id:[^/.]+}/attendees/{attendee_id:[^/.]+}";

/// What every route finds in its request.
#[derive(Clone)]
pub struct State {
    /// The service.
    pub app: Data<App>,
    /// This service's own: another one in the same process expects another audience.
    pub authenticator: Data<Authenticator>,
}

/// Mounts everything.
pub fn configure(cfg: &mut ServiceConfig, state: &State) {
    let enabled = |cfg: &mut ServiceConfig| {
        if state.app.settings.enabled {
            mount_rooms(cfg, state);
            mount_attendees(cfg, state);
        }
    };
    let nowhere = web::resource(["", "/{nowhere:.*}"]);
    let nowhere = nowhere.default_service(web::to(async || pages::not_found()));
    let nowhere = Conventions::of_nowhere(&state.app.settings.cors).around(nowhere);
    let rooms = web::scope(PREFIX).configure(enabled).service(nowhere);
    cfg.service(rooms.wrap_fn(|mut request, router| {
        take_id(&mut request);
        router.call(request)
    }));
}

/// Takes the id out of a path that is nothing but a room's, so that the router matches a path with a hyphen in its place: by
/// regular expressions, which cost it a thousand instructions for each character, a quarter of the request for an id.
fn take_id(request: &mut ServiceRequest) {
    let below = request.path().strip_prefix(PREFIX).and_then(|path| path.strip_prefix(ROOMS));
    let Some(id) = below.and_then(|path| path.strip_prefix('/')) else { return };
    let (id, short) = match id.strip_suffix('/') {
        Some(id) => (id, "/rooms/-/"),
        None => (id, "/rooms/-"),
    };
    if let Ok(id) = id.parse::<RoomId>() {
        request.extensions_mut().insert(id);
        // The prefix has been matched by now.
        request.match_info_mut().set(Url::new(Uri::from_static(short)));
    }
}

/// The room's id in the path of a request.
///
/// # Errors
/// It is none.
pub(super) fn room_id(request: &HttpRequest) -> Result<RoomId, NotAnId> {
    let taken = request.extensions().get().copied();
    taken.map_or_else(|| request.match_info().query(ROOM_ID).parse(), Ok)
}

// One resource for each form: two in one would be a set of expressions, of which the right one is looked for first and then
// matched, even where both are literal.
fn mount_rooms(cfg: &mut ServiceConfig, state: &State) {
    for path in both_forms(ROOMS) {
        let collection = web::resource(path)
            .route(web::get().to(rooms::list))
            .route(web::head().to(rooms::list))
            .route(web::post().to(rooms::create));
        cfg.service(conventional(collection, state, "GET, POST, HEAD, OPTIONS"));
    }
    for path in both_forms(ROOM) {
        let item = web::resource(path)
            .route(web::get().to(rooms::retrieve))
            .route(web::head().to(rooms::retrieve))
            .route(web::patch().to(rooms::update))
            .route(web::delete().to(rooms::delete));
        cfg.service(conventional(item, state, "GET, PATCH, DELETE, HEAD, OPTIONS"));
    }
}

fn mount_attendees(cfg: &mut ServiceConfig, state: &State) {
    for path in both_forms(ATTENDEES) {
        let collection = web::resource(path)
            .route(web::get().to(attendees::list))
            .route(web::head().to(attendees::list))
            .route(web::post().to(attendees::add));
        cfg.service(conventional(collection, state, "GET, POST, HEAD, OPTIONS"));
    }
    for path in both_forms(ATTENDEE) {
        let item = web::resource(path).route(web::delete().to(attendees::remove));
        cfg.service(conventional(item, state, "DELETE, OPTIONS"));
    }
}

fn conventional(resource: Resource, state: &State, allow: &'static str) -> impl HttpServiceFactory + 'static {
    let longest_query = state.app.settings.limits.query;
    let resource = resource
        .route(web::method(Method::OPTIONS).to(methods::options))
        .default_service(web::to(methods::not_allowed))
        .app_data(state.app.clone())
        .app_data(state.authenticator.clone())
        .wrap(body_parameters().after_bearer())
        .wrap(from_fn(move |request, next| query::limited(longest_query, request, next)));
    Conventions::of_route(allow, &state.app.settings.cors).around(resource)
}
