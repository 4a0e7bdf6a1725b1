//! The RDV dialect's sign-in: `/api/v1/auth/*` (`contracts/rdv-sign-in.md` §3, §5–§7). What holds on every route of the
//! dialect is crate `rdv-dialect`, its resources are the service `agenda`.
//!
//! A session is checked against the database here, not by way of an access token: a sign-out counts from its answer on.

mod agent;
mod errors;
pub(crate) mod password;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod validate_token;

use actix_web::{Resource, web};
use auth_claims::device::body_parameters;
use rdv_dialect::conventions;
use rdv_dialect::paths::spellings;

use crate::app::App;

/// The tag of the dialect in audit and metrics.
const DIALECT: &str = "rdv";

/// Mounts the routes. §7: a reset by mail is not offered, so `POST` of a password and its `edit` page lead nowhere.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    cfg.service(web::scope("/api/v1/auth").configure(|cfg| below(cfg, app)).service(conventions::nowhere()));
}

// One resource for each spelling: several in one would be matched as expressions, literal as they are.
fn below(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    let at = |path: String| -> Resource { web::resource(path).app_data(app.clone()) };
    for path in spellings("/sign_in") {
        let sign_in = at(path)
            .route(web::post().to(sign_in::sign_in))
            .route(web::get().to(sign_in::not_supported))
            .route(web::head().to(sign_in::not_supported));
        cfg.service(conventions::around(sign_in));
    }
    for path in spellings("/validate_token") {
        let validate_token = at(path)
            .route(web::get().to(validate_token::validate_token))
            .route(web::head().to(validate_token::validate_token))
            .wrap(body_parameters());
        cfg.service(conventions::around(validate_token));
    }
    for path in spellings("/sign_out") {
        let sign_out = at(path).route(web::delete().to(sign_out::sign_out)).wrap(body_parameters());
        cfg.service(conventions::around(sign_out));
    }
    for path in spellings("/password") {
        let password = at(path)
            .route(web::put().to(password::change))
            .route(web::patch().to(password::change))
            .wrap(body_parameters());
        cfg.service(conventions::around(password));
    }
}
