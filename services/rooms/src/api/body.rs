//! Request bodies: JSON, multipart forms, or nothing. `contracts/meet.md` §2.3.

use std::convert::Infallible;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, web};
use futures_util::{StreamExt as _, stream};
use multer::{Constraints, Multipart, SizeLimit};

use super::error::ApiError;
use crate::domain::fields::Fields;

/// The most parts of a form. No resource here has more than a handful of fields.
const MOST_PARTS: usize = 100;

/// Reads the fields of a body of at most `limit` bytes.
///
/// # Errors
/// 413 for a larger one, 415 for another media type, 400 for one that cannot be read or is no object.
pub async fn fields(request: &HttpRequest, payload: web::Payload, limit: usize) -> Result<Fields, ApiError> {
    let body = read(request, payload, limit).await?;
    if body.is_empty() {
        return Ok(Fields::none());
    }
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => json(&body),
        "multipart/form-data" => form(body, &content_type, limit).await,
        _ => Err(ApiError::UnsupportedMediaType(content_type.into_owned())),
    }
}

async fn read(request: &HttpRequest, mut payload: web::Payload, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| ApiError::Unreadable(format!("Request body error - {error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn json(body: &[u8]) -> Result<Fields, ApiError> {
    // The parser gives up below 128 levels, so that no body overflows the stack.
    let value = serde_json::from_slice(body)
        .map_err(|error| ApiError::Unreadable(format!("JSON parse error - {error}")))?;
    Ok(Fields::from_json(value)?)
}

async fn form(body: Bytes, content_type: &str, limit: usize) -> Result<Fields, ApiError> {
    let unreadable = |reason: &str| ApiError::Unreadable(format!("Multipart form parse error - {reason}"));
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| unreadable("Invalid boundary in multipart: None"))?;
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit as u64));
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut multipart = Multipart::with_constraints(body, boundary, constraints);
    let mut parts = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(|error| unreadable(&error.to_string()))? {
        if parts.len() == MOST_PARTS {
            return Err(unreadable("too many fields"));
        }
        // A file stands for its name, which no field takes.
        let (name, file) = (part.name().map(str::to_owned), part.file_name().map(str::to_owned));
        let value = part.bytes().await.map_err(|error| unreadable(&error.to_string()))?;
        if let Some(name) = name {
            parts.push((name, file.unwrap_or_else(|| String::from_utf8_lossy(&value).into_owned())));
        }
    }
    Ok(Fields::from_form(parts))
}
