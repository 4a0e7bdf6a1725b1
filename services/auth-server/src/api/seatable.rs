//! The SeaTable dialect's sign-in and what its clients ask before anything else (`contracts/seatable-tokens.md` §5, §11).
//! What holds on every route of the dialect is crate `seatable-dialect`; bases and their tokens are the service
//! `base-token`.
//!
//! An Account-Token is looked up in the database here, not by way of an access token: what is revoked or disabled counts
//! at once.

pub(crate) mod account_info;
mod caller;
mod credentials;
mod errors;
pub(crate) mod ping;
pub(crate) mod server_info;
pub(crate) mod sign_in;

use actix_web::{HttpRequest, web};
use seatable_dialect::SeaTableError;
use seatable_dialect::endpoint::{Endpoint, mount_below};
use seatable_dialect::parameters::BodyLimit;
use seatable_dialect::rates::Class;
use service_kit::client_address;

use crate::app::App;

/// The tag of the dialect in audit and metrics.
const DIALECT: &str = "seatable";

/// The most bytes of a sign-in: whoever sends it is nobody yet.
const LARGEST_SIGN_IN: BodyLimit = BodyLimit(64 * 1024);

/// Mounts the routes. `/api2` is this service's alone, `/api/v2.1` is `base-token`'s.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    let at = |path: &str| Endpoint::at(path).data(app.clone());
    mount_below(cfg, "/api2", |cfg| {
        let sign_in = at("/auth-token/").data(web::Data::new(LARGEST_SIGN_IN));
        cfg.service(sign_in.post(sign_in::sign_in).mount())
            .service(at("/ping/").get(ping::ping).mount())
            .service(at("/auth/ping/").get(ping::auth_ping).mount())
            .service(at("/account/info/").get(account_info::account_info).mount());
    });
    mount_below(cfg, "/server-info", |cfg| {
        cfg.service(at("/").get(server_info::server_info).mount());
    });
}

/// Counts a request of somebody who is nobody yet.
fn count(app: &App, class: Class, request: &HttpRequest) -> Result<(), SeaTableError> {
    app.seatable_rates.of_address(class, client_address(request), app.identity.clock().uptime())
}
