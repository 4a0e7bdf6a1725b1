//! The Meet dialect's token route (`contracts/meet.md` §2, §4). Its rooms routes are the service `rooms`.

pub(crate) mod application_token;
mod body;
mod error;
mod negotiation;

use actix_web::web;

use crate::app::App;
use crate::keys::KeysError;
use error::MeetError;

/// Mounts the route in both slash forms (§2.1). It takes every method: a refusal is in the dialect's words, too.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    for path in ["/external-api/v1.0/application/token", "/external-api/v1.0/application/token/"] {
        let resource = web::resource(path).app_data(app.clone());
        cfg.service(resource.to(application_token::application_token));
    }
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
