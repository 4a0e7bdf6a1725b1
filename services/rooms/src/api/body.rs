//! Request bodies. `contracts/meet.md` §2.3.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use meet_dialect::body::{self, MediaType};
use meet_dialect::fields::Fields;

use super::error::ApiError;

/// §2.3: rooms are not written in the form of query strings.
const ACCEPTED: [MediaType; 2] = [MediaType::Json, MediaType::Multipart];

/// Reads the fields of a body of at most `limit` bytes.
///
/// # Errors
/// 413 for a larger one, 415 for another media type, 400 for one that cannot be read or is no object.
pub async fn fields(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Fields, ApiError> {
    Ok(body::fields(request, payload, limit, &ACCEPTED).await?)
}
