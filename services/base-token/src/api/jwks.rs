//! The keys that Base-Tokens are verified by, where those are published (RFC 7517 §5).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use seatable_dialect::{SeaTableError, response};
use utoipa::ToSchema;

use crate::app::App;

/// Less than a key is published before it signs, so that no verifier meets an unknown one.
const CACHEABLE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A set of public keys (RFC 7517 §5).
#[derive(ToSchema)]
#[schema(as = KeySet)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub struct KeySetBody {
    /// The keys.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}

/// The published keys: those that sign, those that will, and those whose tokens still live.
///
/// # Errors
/// 404 where Base-Tokens are signed with a shared secret.
#[utoipa::path(
    get, path = "/api/v2.1/dtable/jwks.json", operation_id = "getBaseTokenKeys", tag = "Base-Tokens",
    responses(
        (status = 200, description = "The key set", body = KeySetBody),
        (status = 404, description = "Base-Tokens are signed with a shared secret"),
    )
)]
pub async fn published(app: Data<App>) -> Result<HttpResponse, SeaTableError> {
    let keys = app.tokens.published().ok_or_else(SeaTableError::not_found)?;
    let mut answer = response::ok(&keys);
    answer.headers_mut().insert(CACHE_CONTROL, CACHEABLE);
    Ok(answer)
}
