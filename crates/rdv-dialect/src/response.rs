//! What responses have in common. `contracts/rdv-sign-in.md` §2.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use serde::Serialize;

use crate::token_headers::TokenHeaders;

/// The media type of every body.
pub const JSON: &str = "application/json; charset=utf-8";

/// §2, "Success headers seen in the seed"; those that say something about the response rather than about its making.
const ALWAYS: [(HeaderName, &str); 7] = [
    (CACHE_CONTROL, "max-age=0, private, must-revalidate"),
    (X_FRAME_OPTIONS, "SAMEORIGIN"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Off: the filter that it would switch on was itself a way in.
    (X_XSS_PROTECTION, "0"),
    (HeaderName::from_static("x-download-options"), "noopen"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
    (REFERRER_POLICY, "strict-origin-when-cross-origin"),
];

/// A response with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON)).json(body)
}

/// 200 with a JSON body, and with the session's headers where there is one.
pub fn ok(session: Option<&TokenHeaders>, body: &impl Serialize) -> HttpResponse {
    with(session, json(StatusCode::OK, body))
}

/// 204, with the session's headers where there is one.
#[must_use]
pub fn no_content(session: Option<&TokenHeaders>) -> HttpResponse {
    with(session, HttpResponse::NoContent().finish())
}

/// The same response, with the session's headers where there is one.
#[must_use]
pub fn with(session: Option<&TokenHeaders>, mut response: HttpResponse) -> HttpResponse {
    if let Some(session) = session {
        session.apply(&mut response);
    }
    response
}

/// Adds the headers that every response has.
pub fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
