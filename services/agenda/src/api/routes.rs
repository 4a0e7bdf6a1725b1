//! Which path and method leads where. `contracts/rdv-sign-in.md` §1, "Endpoint list".
//!
//! The auth server mounts its endpoints below the same prefix, and has to be first: what it leaves leads here, or nowhere.

use actix_web::dev::HttpServiceFactory;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{Resource, web};
use auth_claims::caller::Authenticator;
use auth_claims::device;
use rdv_dialect::conventions;
use rdv_dialect::parameters::BodyLimit;
use rdv_dialect::paths::spellings;

use super::{absences, agents, organisations};
use crate::app::App;

/// The name of the id in paths.
pub(super) const ID: &str = "id";

const PREFIX: &str = "/api/v1";
const AGENTS: &str = "/agents";
const ORGANISATIONS: &str = "/organisations";
const ABSENCES: &str = "/absences";
/// An id is one segment without a dot, behind which a format stands.
const ORGANISATION: &str = "/organisations/{id:[^/.]+}";
const ABSENCE: &str = "/absences/{id:[^/.]+}";

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
            mount(cfg, state);
        }
    };
    cfg.service(web::scope(PREFIX).configure(enabled).service(conventions::nowhere()));
}

fn mount(cfg: &mut ServiceConfig, state: &State) {
    let resource = |path: &str| web::resource(spellings(path));
    let agents = resource(AGENTS).route(web::get().to(agents::list)).route(web::head().to(agents::list));
    let organisations = resource(ORGANISATIONS)
        .route(web::get().to(organisations::list))
        .route(web::head().to(organisations::list));
    let organisation = resource(ORGANISATION)
        .route(web::get().to(organisations::show))
        .route(web::head().to(organisations::show))
        .route(web::patch().to(organisations::update))
        .route(web::put().to(organisations::update));
    let absences = resource(ABSENCES)
        .route(web::get().to(absences::list))
        .route(web::head().to(absences::list))
        .route(web::post().to(absences::create));
    let absence = resource(ABSENCE)
        .route(web::get().to(absences::show))
        .route(web::head().to(absences::show))
        .route(web::patch().to(absences::update))
        .route(web::put().to(absences::update))
        .route(web::delete().to(absences::delete));
    for resource in [agents, organisations, organisation, absences, absence] {
        cfg.service(conventional(resource, state));
    }
}

fn conventional(resource: Resource, state: &State) -> impl HttpServiceFactory + 'static {
    let resource = resource
        .app_data(state.app.clone())
        .app_data(state.authenticator.clone())
        .app_data(Data::new(BodyLimit(state.app.settings.limits.body)))
        .wrap(device::body_parameters());
    conventions::around(resource)
}
