//! Which path and method leads where. `contracts/auvious-applications.md` §1.
//!
//! Paths are exact: with a slash at its end a path leads nowhere. Of two that match, the one mounted first wins,
//! which is why `organizations/{organizationId}` stands before `{id}/availability`.

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, Resource};
use auth_claims::caller::Authenticator;

use super::authentication::Authenticated;
use super::methods::{self, Methods};
use super::{applications, boot, lists};
use crate::app::App;

const PREFIX: &str = "/api/applications";
const COLLECTION: &str = "";
const OF_ORGANIZATION: &str = "/organizations/{organization:[^/]+}";
const AVAILABILITY: &str = "/{id:[^/]+}/availability";
const ITEM: &str = "/{id:[^/]+}";
const NOWHERE: &str = "/{nowhere:.*}";

/// What every route finds in its request.
#[derive(Clone)]
pub struct State {
    /// The service.
    pub app: Data<App>,
    /// This service's own: another one in the same process expects another audience.
    pub authenticator: Data<Authenticator>,
}

/// Mounts everything, and behind it what answers for paths that lead nowhere.
pub fn configure(cfg: &mut ServiceConfig, state: &State) {
    cfg.service(web::scope(PREFIX).configure(|cfg| below(cfg, state)));
}

fn below(cfg: &mut ServiceConfig, state: &State) {
    if state.app.settings.enabled {
        let collection = web::resource(COLLECTION)
            .route(web::get().to(lists::all))
            .route(web::head().to(lists::all))
            .route(web::post().to(applications::create));
        let methods = Methods { operations: "GET, POST", all: "GET, HEAD, POST, OPTIONS" };
        cfg.service(boot::around(with_the_rest(collection, methods), state));
        let of_organization = web::resource(OF_ORGANIZATION)
            .route(web::get().to(lists::of_organization))
            .route(web::head().to(lists::of_organization));
        let methods = Methods { operations: "GET", all: "GET, HEAD, OPTIONS" };
        cfg.service(boot::around(with_the_rest(of_organization, methods), state));
        let availability = web::resource(AVAILABILITY)
            .route(web::get().to(applications::availability))
            .route(web::head().to(applications::availability));
        cfg.service(boot::around(with_the_rest(availability, methods), state));
        let item = web::resource(ITEM)
            .route(web::get().to(applications::get))
            .route(web::head().to(applications::get))
            .route(web::put().to(applications::update))
            .route(web::delete().to(applications::delete));
        let methods = Methods { operations: "GET, PUT, DELETE", all: "GET, HEAD, PUT, DELETE, OPTIONS" };
        cfg.service(boot::around(with_the_rest(item, methods), state));
    }
    let nowhere = web::resource([COLLECTION, NOWHERE]).default_service(web::to(methods::nowhere));
    cfg.service(boot::around(nowhere, state));
}

fn with_the_rest(resource: Resource, methods: Methods) -> Resource {
    let options = move |caller: Authenticated| async move { methods.options(&caller) };
    let others = move |caller: Authenticated, request: HttpRequest| async move {
        Err::<String, _>(methods.not_allowed(&caller, &request))
    };
    resource.route(web::method(Method::OPTIONS).to(options)).default_service(web::to(others))
}
