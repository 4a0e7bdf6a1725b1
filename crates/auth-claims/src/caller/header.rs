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
    // Blanks and tabs are all the white space that a header's value can have.
    let words = header.as_bytes().trim_ascii();
    let end = words.iter().position(u8::is_ascii_whitespace).unwrap_or(words.len());
    let (scheme, token) = words.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(Rejection::Missing);
    }
    let token = token.trim_ascii_start();
    // Tokens are long. A search that goes on to the end, instead of stopping at the first, compares many octets at a time.
    let has_blank = token.iter().fold(false, |found, octet| found | matches!(octet, b' ' | b'\t'));
    if token.is_empty() || has_blank {
        return Err(Rejection::Malformed);
    }
    std::str::from_utf8(token).map_err(|_| Rejection::Encoding)
}
