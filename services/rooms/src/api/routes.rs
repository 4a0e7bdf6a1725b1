//! Which path and method leads where. `contracts/meet.md` §1, §12.1.
//!
//! Every resource has its full path in both slash forms, and there is no scope around them: another service mounts the
//! token endpoint below the same prefix. That is why paths that lead nowhere are mounted last, by whoever comes last.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, Resource, dev::HttpServiceFactory, http::header::ContentType, web};
use auth_claims::caller::Authenticator;

use super::conventions::conventions;
use super::{attendees, methods, rooms};
use crate::app::App;

/// The name of the room's id in paths.
pub(super) const ROOM_ID: &str = "id";
/// The name of the attendee's id in paths.
pub(super) const ATTENDEE_ID: &str = "attendee_id";

const ROOMS: &str = "/external-api/v1.0/rooms";
/// §1: an id is one segment without a dot; with one, the path leads nowhere.
const ROOM: &str = "/external-api/v1.0/rooms/{id:[^/.]+}";
const ATTENDEES: &str = "/external-api/v1.0/rooms/{id:[^/.]+}/attendees";
const ATTENDEE: &str = "/external-api/v1.0/rooms/{id:[^/.]+}/attendees/{attendee_id:[^/.]+}";

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
    if state.app.settings.enabled {
        mount_rooms(cfg, state);
        mount_attendees(cfg, state);
    }
    let nowhere = web::resource(["/external-api/v1.0", "/external-api/v1.0/{nowhere:.*}"]);
    cfg.service(wrapped(nowhere.default_service(web::to(nothing_here)), state, None));
}

fn mount_rooms(cfg: &mut ServiceConfig, state: &State) {
    let collection = both_forms(ROOMS)
        .route(web::get().to(rooms::list))
        .route(web::head().to(rooms::list))
        .route(web::post().to(rooms::create));
    cfg.service(conventional(collection, state, "GET, POST, HEAD, OPTIONS"));
    let item = both_forms(ROOM)
        .route(web::get().to(rooms::retrieve))
        .route(web::head().to(rooms::retrieve))
        .route(web::patch().to(rooms::update))
        .route(web::delete().to(rooms::delete));
    cfg.service(conventional(item, state, "GET, PATCH, DELETE, HEAD, OPTIONS"));
}

fn mount_attendees(cfg: &mut ServiceConfig, state: &State) {
    let collection = both_forms(ATTENDEES)
        .route(web::get().to(attendees::list))
        .route(web::head().to(attendees::list))
        .route(web::post().to(attendees::add));
    cfg.service(conventional(collection, state, "GET, POST, HEAD, OPTIONS"));
    let item = both_forms(ATTENDEE).route(web::delete().to(attendees::remove));
    cfg.service(conventional(item, state, "DELETE, OPTIONS"));
}

/// §2.1: with and without a slash at the end, and no redirect from one to the other.
fn both_forms(path: &str) -> Resource {
    web::resource([path.to_owned(), format!("{path}/")])
}

fn conventional(resource: Resource, state: &State, allow: &'static str) -> impl HttpServiceFactory + 'static {
    let resource = resource
        .route(web::method(Method::OPTIONS).to(methods::options))
        .default_service(web::to(methods::not_allowed));
    wrapped(resource, state, Some(allow))
}

fn wrapped(
    resource: Resource,
    state: &State,
    allow: Option<&'static str>,
) -> impl HttpServiceFactory + 'static {
    resource
        .app_data(state.app.clone())
        .app_data(state.authenticator.clone())
        .wrap(from_fn(move |request, next| conventions(allow, request, next)))
}

/// §1, §2.5: a page, not JSON.
async fn nothing_here() -> HttpResponse {
    const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>Not Found</title></head>\n\
        <body><h1>Not Found</h1><p>There is nothing at this address.</p></body>\n</html>\n";
    HttpResponse::NotFound().content_type(ContentType::html()).body(PAGE)
}
