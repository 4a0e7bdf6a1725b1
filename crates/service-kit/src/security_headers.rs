//! Response headers that take from a browser what an API never needs.

use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::settings::ServerSettings;

static ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];
/// One year, the least that browsers' preload lists take.
static TRANSPORT: (HeaderName, HeaderValue) =
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));

/// The headers that every response of the public listener gets, unless its handler set its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityHeaders {
    encrypted: bool,
}

impl SecurityHeaders {
    /// With `Strict-Transport-Security` if clients reach the service by https.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        Self { encrypted: settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https") }
    }

    /// Adds the headers that are not there yet.
    pub fn add_to(self, headers: &mut HeaderMap) {
        let transport = self.encrypted.then_some(&TRANSPORT);
        for (name, value) in ALWAYS.iter().chain(transport) {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}
