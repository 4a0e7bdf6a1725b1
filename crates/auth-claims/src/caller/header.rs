//! The `Authorization` header.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::{Credential, Rejection};

/// The Bearer token of a request (RFC 6750 §2.1), its scheme in any case.
///
/// # Errors
/// `Missing` without the header, or when it is empty or of another scheme; `Malformed` when the scheme is not followed
/// by exactly one value, or the header is repeated; `Encoding` when that value is not UTF-8.
pub fn bearer(request: &HttpRequest) -> Result<Credential, Rejection> {
    bearer_token(request).map(|token| Credential::Bearer(token.to_owned()))
}

/// The same, where it stands in the request.
///
/// # Errors
/// As [`bearer`].
// contracts/meet.md §5, "Header format errors": white space separates, so surplus blanks do no harm.
pub fn bearer_token(request: &HttpRequest) -> Result<&str, Rejection> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().ok_or(Rejection::Missing)?;
    if headers.next().is_some() {
        return Err(Rejection::Malformed);
    }
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let mut words = header.as_bytes().split(blank).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer")) {
        return Err(Rejection::Missing);
    }
    match (words.next(), words.next()) {
        (Some(token), None) => std::str::from_utf8(token).map_err(|_| Rejection::Encoding),
        _ => Err(Rejection::Malformed),
    }
}
