//! The OAuth 2 endpoints (`contracts/oauth2.md` §1–§5). One file a grant, one renderer for all refusals.

mod client_auth;
mod client_credentials;
pub(crate) mod error;
pub(crate) mod exchange;
mod form;
mod grant;
pub(crate) mod introspect;
mod openapi;
mod refresh;
pub(crate) mod revoke;
pub(crate) mod subject_tokens;
pub(crate) mod token;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use serde::Serialize;

use crate::app::App;
use crate::keys::KeysError;
use error::OAuthError;

/// Mounts the endpoints. Other methods than POST get actix's own 405 with `Allow`.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, app: &web::Data<App>) {
    let post = |path: &str| web::resource(path.to_owned()).app_data(app.clone());
    cfg.service(post("/oauth/token").route(web::post().to(token::token)))
        .service(post("/security/oauth/token").route(web::post().to(token::token)))
        .service(post("/oauth/introspect").route(web::post().to(introspect::introspect)))
        .service(post("/oauth/revoke").route(web::post().to(revoke::revoke)));
}

/// RFC 6749 §5.1: nothing that holds a token is kept by anybody on the way.
fn no_store(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    response.insert_header((PRAGMA, HeaderValue::from_static("no-cache")));
    response
}

/// An answer with a token, or about one: most fit in so many bytes.
fn answer<T: Serialize>(body: &T) -> Result<HttpResponse, OAuthError> {
    const USUAL: usize = 1024;
    let mut json = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut json, body).map_err(|error| unwritten(&error))?;
    Ok(answer_json(json))
}

/// The same of what is JSON already.
fn answer_json(json: impl Into<Bytes>) -> HttpResponse {
    let mut response = no_store(HttpResponse::Ok());
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response.body(json.into())
}

fn unwritten(error: &serde_json::Error) -> OAuthError {
    tracing::error!(error = error as &dyn std::error::Error, "the answer does not serialize");
    OAuthError::Internal
}

impl From<KeysError> for OAuthError {
    fn from(error: KeysError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the signing keys are unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the token could not be signed");
        Self::Internal
    }
}
