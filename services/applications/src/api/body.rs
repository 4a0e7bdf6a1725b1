//! Request bodies. `contracts/auvious-applications.md` §1, §4.6, §8.

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use super::error::ApiError;
use crate::domain::command::BadBody;

/// Is the body JSON, by what its type says?
///
/// # Errors
/// 415 without a type, with several, with another one, or with another charset than UTF-8.
pub fn check_media_type(request: &HttpRequest) -> Result<(), ApiError> {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    match (types.next().and_then(|value| value.to_str().ok()), types.next()) {
        (Some(only), None) if is_json(only) => Ok(()),
        _ => Err(ApiError::MediaType),
    }
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_harmless)
}

/// Parameters mean nothing, except for a charset.
fn is_harmless(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413 for a larger one, 400 for one that breaks off.
pub async fn read(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BadBody::Malformed)?;
        if body.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::is_json;

    #[rstest]
    #[case::plain("application/json", true)]
    #[case::case_does_not_matter("Application/JSON", true)]
    #[case::charset("application/json;charset=UTF-8", true)]
    #[case::quoted("application/json; charset=\"utf-8\"", true)]
    #[case::parameter("application/json; q=1; x", true)]
    #[case::other_charset("application/json; charset=iso-8859-1", false)]
    #[case::text("text/plain", false)]
    #[case::vendor("application/vnd.api+json", false)]
    #[case::longer("application/jsonx", false)]
    #[case::form("application/x-www-form-urlencoded", false)]
    #[case::empty("", false)]
    fn json_by_its_type(#[case] media_type: &str, #[case] expected: bool) {
        assert_eq!(is_json(media_type), expected);
    }
}
