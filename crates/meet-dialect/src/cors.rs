//! Requests from pages of other sites. `contracts/meet.md` §2.7.
//!
//! Not `actix-cors`: it answers a preflight of a foreign origin with 400 and lists what was asked for, where clients of
//! this dialect get 200 and the fixed lists below.

mod settings;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN,
};

pub use self::settings::{CorsSettings, OriginPattern};

const ALLOWED_HEADERS: &str =
    "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with";
const ALLOWED_METHODS: &str = "DELETE, GET, OPTIONS, PATCH, POST, PUT";
const MAX_AGE: &str = "86400";

/// Whether a browser asks if it may send a request.
#[must_use]
pub fn is_preflight(request: &HttpRequest) -> bool {
    let asks = |name| request.headers().contains_key(name);
    request.method() == Method::OPTIONS && asks(ORIGIN) && asks(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The origin of the page that sends the request, if it is allowed.
#[must_use]
pub fn allowed_origin(request: &HttpRequest, settings: &CorsSettings) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    settings.allows(origin.to_str().ok()?).then(|| origin.clone())
}

/// Lets the page of an allowed origin read the response.
pub fn allow(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOWED_METHODS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
}
