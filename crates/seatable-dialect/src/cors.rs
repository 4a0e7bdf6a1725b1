//! Requests from pages of other sites, after the stock reverse proxy. `contracts/seatable-tokens.md` §2.3, "CORS".
//!
//! Any origin may call and read: the credential is a header that a page has to know, never a cookie.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap,
    HeaderName, HeaderValue,
};

const ALWAYS: [(HeaderName, &str); 3] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (ACCESS_CONTROL_ALLOW_METHODS, "GET,POST,PUT,DELETE,OPTIONS"),
    (ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Accept, authorization, token, deviceType"),
];

/// Lets any page read the response.
pub fn allow(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
