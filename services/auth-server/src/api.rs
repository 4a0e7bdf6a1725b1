//! What the service speaks: one module a resource family, each with its own errors.

mod audit;
mod bearer;
mod cached;
mod internal_applications;
mod internal_directory;
mod jwks;
mod meet;
mod metadata;
pub(crate) mod oauth;
mod openapi;
mod rdv;
mod revocation_feed;
mod seatable;

use actix_web::{Scope, web};

pub use self::openapi::openapi;
use crate::app::App;

/// Mounts everything but what [`configure_last`] mounts. State hangs on the resources, not on the app, so that services in one
/// process do not meet.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    oauth::configure(cfg, app);
    let resource = |path: &str| web::resource(path.to_owned()).app_data(app.clone());
    cfg.service(
        resource("/.well-known/jwks.json").route(web::get().to(jwks::jwks)).route(web::head().to(jwks::jwks)),
    )
    .service(
        resource("/.well-known/oauth-authorization-server")
            .route(web::get().to(metadata::metadata))
            .route(web::head().to(metadata::metadata)),
    )
    .service(resource("/admin/audit/events").route(web::get().to(audit::list)))
    .service(internal(app));
    if app.settings.meet.routed {
        meet::configure(cfg, app);
    }
    if app.settings.rdv.enabled {
        rdv::configure(cfg, app);
    }
}

/// Mounts the SeaTable dialect, a spelling of which is an expression: paths of services behind it would be matched with that.
pub(crate) fn configure_last(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    if app.settings.seatable.enabled {
        seatable::configure(cfg, app);
    }
}

/// What services of the platform ask, in a scope: the paths of everybody else are compared with its prefix alone.
fn internal(app: &web::Data<App>) -> Scope {
    let resource = |path: &str| web::resource(path.to_owned()).app_data(app.clone());
    web::scope("/internal")
        .service(resource("/revocations").route(web::get().to(revocation_feed::follow)))
        .service(
            resource("/applications/{id}")
                .route(web::get().to(internal_applications::get))
                .route(web::put().to(internal_applications::put))
                .route(web::delete().to(internal_applications::delete)),
        )
        .service(resource("/directory/people").route(web::post().to(internal_directory::people)))
        .service(
            resource("/directory/people/{id}/groups").route(web::get().to(internal_directory::groups_of)),
        )
        .service(resource("/directory/groups").route(web::post().to(internal_directory::create_group)))
        .service(
            resource("/directory/groups/{number}")
                .route(web::get().to(internal_directory::group))
                .route(web::delete().to(internal_directory::delete_group)),
        )
        .service(
            resource("/directory/groups/{number}/members").route(web::get().to(internal_directory::members)),
        )
}
