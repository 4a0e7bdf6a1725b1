//! Requests from pages of other sites. `contracts/meet.md` §2.7.
//!
//! Not `actix-cors`: it answers a preflight of a foreign origin with 400 and lists what was asked for, where clients of
//! this dialect get 200 and the fixed lists below, the longer one when they ask for a header of a device session.

mod settings;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};

pub use self::settings::{CorsSettings, OriginPattern};

const ALLOWED_HEADERS: &str =
    "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with";
/// For a page that presents a device session: browsers ask for each header that its library sends along.
const ALLOWED_WITH_DEVICE_SESSION: &str = "accept, access-token, authorization, client, content-type, expiry, \
     token-type, uid, user-agent, x-csrftoken, x-requested-with";
/// `contracts/rdv-sign-in.md` §14: what clients send back of a sign-in.
const DEVICE_SESSION: [&str; 5] = ["access-token", "client", "expiry", "token-type", "uid"];
const ALLOWED_METHODS: &str = "DELETE, GET, OPTIONS, PATCH, POST, PUT";
const MAX_AGE: &str = "86400";

/// A browser's question whether it may send a request.
#[derive(Debug, Clone, Copy)]
pub struct Preflight {
    allowed_headers: &'static str,
}

/// Whether a browser asks if it may send a request, and with what.
#[must_use]
pub fn preflight(request: &HttpRequest) -> Option<Preflight> {
    let asks = |name| request.headers().contains_key(name);
    let is_preflight =
        request.method() == Method::OPTIONS && asks(ORIGIN) && asks(ACCESS_CONTROL_REQUEST_METHOD);
    let allowed_headers =
        if has_device_session(request.headers()) { ALLOWED_WITH_DEVICE_SESSION } else { ALLOWED_HEADERS };
    is_preflight.then_some(Preflight { allowed_headers })
}

fn has_device_session(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).filter_map(|list| list.to_str().ok());
    let mut names = lists.flat_map(|list| list.split(',')).map(str::trim);
    names.any(|name| DEVICE_SESSION.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// The origin of the page that sends the request, if it is allowed.
#[must_use]
pub fn allowed_origin(request: &HttpRequest, settings: &CorsSettings) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    settings.allows(origin.to_str().ok()?).then(|| origin.clone())
}

/// Lets the page of an allowed origin read the response.
pub fn allow(headers: &mut HeaderMap, origin: HeaderValue, preflight: Option<Preflight>) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if let Some(Preflight { allowed_headers }) = preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed_headers));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOWED_METHODS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
}
