//! The Meet dialect's token route (`contracts/meet.md` §2, §4). What holds on every route of the dialect is crate
//! `meet-dialect`, its rooms routes are the service `rooms`.

pub(crate) mod application_token;
mod error;

use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, web};
use meet_dialect::conventions::Conventions;
use meet_dialect::paths::both_forms;
use meet_dialect::refusal::Refusal;

use crate::app::App;
use crate::keys::KeysError;
use error::MeetError;

const PATH: &str = "/external-api/v1.0/application/token";

/// Mounts the route.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    // One resource each: two literals in one would be matched as expressions, and at every path that is looked for behind them.
    for path in both_forms(PATH) {
        mount(cfg, app, path);
    }
}

fn mount(cfg: &mut web::ServiceConfig, app: &web::Data<App>, path: String) {
    let route = web::resource(path)
        .app_data(app.clone())
        .route(web::post().to(application_token::application_token))
        .route(web::method(Method::OPTIONS).to(application_token::description))
        .default_service(web::to(not_allowed))
        // RFC 6749 §5.1
        .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")));
    let conventions = Conventions::of_route("POST, OPTIONS", &app.settings.meet.cors).varying_by_cookie();
    cfg.service(conventions.around(route));
}

async fn not_allowed(request: HttpRequest) -> Result<String, MeetError> {
    Err(Refusal::MethodNotAllowed(request.method().clone()).into())
}

impl From<KeysError> for MeetError {
    fn from(error: KeysError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the signing keys are unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the token could not be signed");
        Self::Internal
    }
}
