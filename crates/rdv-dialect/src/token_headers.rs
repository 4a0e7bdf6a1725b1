//! The six headers that tell a session. `contracts/rdv-sign-in.md` §3.3, §4.5.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");
const TOKEN_TYPE: HeaderName = HeaderName::from_static("token-type");
const CLIENT: HeaderName = HeaderName::from_static("client");
const EXPIRY: HeaderName = HeaderName::from_static("expiry");
const UID: HeaderName = HeaderName::from_static("uid");
const BEARER: &str = "Bearer";

/// A session as its client knows it. Told at sign-in and echoed afterwards, all of it or nothing: clients keep whatever
/// part they get.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHeaders {
    /// The token, in clear.
    pub access_token: String,
    /// The client's id.
    pub client: String,
    /// When the session ends, in Unix seconds.
    pub expiry: i64,
    /// The agent's e-mail address.
    pub uid: String,
}

impl fmt::Debug for TokenHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHeaders").field("expiry", &self.expiry).finish_non_exhaustive()
    }
}

/// The content of the `authorization` header. All values are strings, in this order.
#[derive(Serialize)]
struct Wrapped<'a> {
    #[serde(rename = "access-token")]
    access_token: &'a str,
    #[serde(rename = "token-type")]
    token_type: &'a str,
    client: &'a str,
    expiry: &'a str,
    uid: &'a str,
}

impl TokenHeaders {
    /// Puts all six on a response, or none when a value cannot stand in a header.
    pub fn apply(&self, response: &mut HttpResponse) {
        match self.rendered() {
            Ok(rendered) => {
                for (name, value) in rendered {
                    response.headers_mut().insert(name, value);
                }
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "no token headers"),
        }
    }

    fn rendered(&self) -> Result<[(HeaderName, HeaderValue); 6], InvalidHeaderValue> {
        let expiry = self.expiry.to_string();
        // Bytes rather than text: an address may hold letters outside ASCII, which go as UTF-8.
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes());
        Ok([
            (ACCESS_TOKEN, value(&self.access_token)?),
            (TOKEN_TYPE, HeaderValue::from_static(BEARER)),
            (CLIENT, value(&self.client)?),
            (EXPIRY, value(&expiry)?),
            (UID, value(&self.uid)?),
            (AUTHORIZATION, value(&format!("{BEARER} {}", self.wrapped(&expiry)))?),
        ])
    }

    fn wrapped(&self, expiry: &str) -> String {
        let Self { access_token, client, uid, .. } = self;
        let wrapped = Wrapped { access_token, token_type: BEARER, client, expiry, uid };
        // Five strings always serialize.
        STANDARD.encode(serde_json::to_vec(&wrapped).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;

    use super::TokenHeaders;

    fn headers() -> TokenHeaders {
        TokenHeaders {
            access_token: "q3VnT0xwZkq1bHh2Y2RlRg".to_owned(),
            client: "Jm9yZ2FuaXNhdGlvbjE2Mw".to_owned(),
            expiry: 1_767_348_000,
            uid: "amina.kerbrat@cd26.example".to_owned(),
        }
    }

    /// §3.3, example.
    #[test]
    fn all_six_stand_on_the_response() {
        let mut response = HttpResponse::Ok().finish();
        headers().apply(&mut response);
        let value = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(value("access-token"), "q3VnT0xwZkq1bHh2Y2RlRg");
        assert_eq!(value("token-type"), "Bearer");
        assert_eq!(value("client"), "Jm9yZ2FuaXNhdGlvbjE2Mw");
        assert_eq!(value("expiry"), "1767348000");
        assert_eq!(value("uid"), "amina.kerbrat@cd26.example");
        assert_eq!(
            value("authorization"),
            "Bearer eyJhY2Nlc3MtdG9rZW4iOiJxM1ZuVDB4d1prcTFiSGgyWTJSbFJnIiwidG9rZW4tdHlwZSI6IkJlYXJlciIsImNsaWVudCI6IkptOXlaMkZ1YVhOaGRHbHZiakUyTXciLCJleHBpcnkiOiIxNzY3MzQ4MDAwIiwidWlkIjoiYW1pbmEua2VyYnJhdEBjZDI2LmV4YW1wbGUifQ=="
        );
    }

    #[test]
    fn letters_outside_ascii_go_as_utf_8() {
        let mut response = HttpResponse::Ok().finish();
        TokenHeaders { uid: "zoé@cd26.example".to_owned(), ..headers() }.apply(&mut response);
        assert_eq!(response.headers().get("uid").unwrap().as_bytes(), "zoé@cd26.example".as_bytes());
    }

    #[test]
    fn a_value_that_fits_no_header_leaves_all_out() {
        let mut response = HttpResponse::Ok().finish();
        TokenHeaders { uid: "a\nb".to_owned(), ..headers() }.apply(&mut response);
        assert!(response.headers().is_empty(), "{response:?}");
    }

    #[test]
    fn the_token_is_not_in_the_log() {
        let shown = format!("{:?}", headers());
        assert!(!shown.contains("q3Vn") && !shown.contains("Jm9y"), "{shown}");
    }
}
