//! Headers that every response carries. `contracts/meet.md` §2.4.

use actix_web::http::header::{
    ALLOW, CONTENT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

const ALWAYS: [(HeaderName, &str); 6] = [
    (VARY, "origin, Accept-Language"),
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_LANGUAGE, "en-us"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds them; `allow` holds the methods of the route, where there is one.
pub fn add(headers: &mut HeaderMap, allow: Option<&'static str>) {
    for (name, value) in ALWAYS.into_iter().chain(allow.map(|methods| (ALLOW, methods))) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
