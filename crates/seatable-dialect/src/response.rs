//! What responses have in common. `contracts/seatable-tokens.md` §2.3.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A response with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).json(body)
}

/// 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    json(StatusCode::OK, body)
}

/// 201 with a JSON body.
pub fn created(body: &impl Serialize) -> HttpResponse {
    json(StatusCode::CREATED, body)
}

/// 200 `{"success":true}`
#[must_use]
pub fn success() -> HttpResponse {
    ok(&Success { success: true })
}

/// The same response, which nobody may keep: it holds a token.
#[must_use]
pub fn no_store(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeaTableSuccess)]
pub struct Success {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
}

/// An instant as this API writes it: to the second, with an offset in digits, as `2026-03-02T09:47:41+00:00`.
#[must_use]
pub fn timestamp(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The same for `#[serde(serialize_with)]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_timestamp<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&timestamp(*instant))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::timestamp;

    #[test]
    fn instants_have_no_fraction_and_no_z() {
        let instant = DateTime::from_timestamp(1_772_444_861, 987_654_000).unwrap();
        assert_eq!(timestamp(instant), "2026-03-02T09:47:41+00:00");
    }
}
