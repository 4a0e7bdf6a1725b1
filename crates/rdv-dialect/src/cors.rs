//! Requests from pages of other sites. `contracts/rdv-sign-in.md` §9.
//!
//! Any origin may call and read: credentials are headers that a page has to know, never a cookie. Not `actix-cors`: it
//! refuses to write `*` beside a list of its own making, and puts headers on preflights only.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};

const METHODS: &str = "GET, POST, PATCH, PUT, DELETE";
const EXPOSED: &str = "access-token, token-type, client, expiry, uid, authorization";
const MAX_AGE: &str = "7200";

/// Whether a browser asks if it may send a request.
#[must_use]
pub fn is_preflight(request: &HttpRequest) -> bool {
    let asks = |name| request.headers().contains_key(name);
    request.method() == Method::OPTIONS && asks(ORIGIN) && asks(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether a page of some site sends the request.
#[must_use]
pub fn is_cross_origin(request: &HttpRequest) -> bool {
    request.headers().contains_key(ORIGIN)
}

/// Lets any page read the response.
pub fn allow(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
}

/// Answers what a preflight asks: every header that it names is allowed.
pub fn allow_preflight(headers: &mut HeaderMap, asked: &HeaderMap) {
    allow(headers);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
}
