//! Headers that every response carries. `contracts/meet.md` §2.4.

use actix_web::http::header::{
    ALLOW, CONTENT_LANGUAGE, CROSS_ORIGIN_OPENER_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// What a response depends on, besides its address.
pub const VARY_ALWAYS: &str = "origin, Accept-Language";
/// The same on a route that might look at a session's cookie.
pub const VARY_WITH_COOKIE: &str = "origin, Accept-Language, Cookie";

const ALWAYS: [(HeaderName, &str); 5] = [
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_LANGUAGE, "en-us"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
];

/// Adds them; `allow` holds the methods of the route, where there is one.
pub fn add(headers: &mut HeaderMap, vary: &'static str, allow: Option<&'static str>) {
    let of_route = [Some((VARY, vary)), allow.map(|methods| (ALLOW, methods))];
    for (name, value) in ALWAYS.into_iter().chain(of_route.into_iter().flatten()) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
