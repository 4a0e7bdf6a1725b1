//! The `Authorization` header. `contracts/seatable-tokens.md` §4.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

/// Why there is no token in the header. Each is told in its own words by endpoints that need an Account-Token (§4.1), and
/// alike by the one that needs an API-Token (§4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// No header, an empty one, or another scheme than `Token` and `Bearer`.
    #[error("no credential was given")]
    Missing,
    /// A scheme and nothing after it.
    #[error("there is no token after the scheme")]
    NoToken,
    /// More than one word after the scheme.
    #[error("the token contains spaces")]
    Spaces,
    /// The token is not ASCII, which no token is not, or there are several headers.
    #[error("the token cannot be read")]
    Unreadable,
}

/// The one word after `Token` or `Bearer`, whose case does not matter. White space separates, however much of it.
///
/// # Errors
/// Why there is none.
pub fn authorization(request: &HttpRequest) -> Result<String, HeaderFault> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().ok_or(HeaderFault::Missing)?;
    if headers.next().is_some() {
        return Err(HeaderFault::Unreadable);
    }
    parse(header.as_bytes())
}

/// The same of the header's value alone.
///
/// # Errors
/// As [`authorization`].
pub fn parse(header: &[u8]) -> Result<String, HeaderFault> {
    let mut words = header.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let scheme = words.next().ok_or(HeaderFault::Missing)?;
    if ![b"token".as_slice(), b"bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(HeaderFault::Missing);
    }
    let token = words.next().ok_or(HeaderFault::NoToken)?;
    if words.next().is_some() {
        return Err(HeaderFault::Spaces);
    }
    let readable = std::str::from_utf8(token).ok().filter(|token| token.is_ascii());
    readable.map(str::to_owned).ok_or(HeaderFault::Unreadable)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::{HeaderFault, authorization, parse};

    #[rstest]
    #[case::token("Token abc", Ok("abc"))]
    #[case::bearer("Bearer abc", Ok("abc"))]
    #[case::any_case("tOKEN abc", Ok("abc"))]
    #[case::upper_case("BEARER abc", Ok("abc"))]
    #[case::blanks("  Token \t  abc  ", Ok("abc"))]
    #[case::empty("", Err(HeaderFault::Missing))]
    #[case::blank("  ", Err(HeaderFault::Missing))]
    #[case::basic("Basic YTpi", Err(HeaderFault::Missing))]
    #[case::no_scheme("abc", Err(HeaderFault::Missing))]
    #[case::longer_scheme("Tokens abc", Err(HeaderFault::Missing))]
    #[case::scheme_only("Token", Err(HeaderFault::NoToken))]
    #[case::scheme_and_blank("Bearer   ", Err(HeaderFault::NoToken))]
    #[case::three("Token abc def", Err(HeaderFault::Spaces))]
    #[case::four("Token abc def ghi", Err(HeaderFault::Spaces))]
    #[case::not_ascii("Token ab\u{e9}", Err(HeaderFault::Unreadable))]
    fn a_scheme_and_one_word(#[case] header: &str, #[case] expected: Result<&str, HeaderFault>) {
        assert_eq!(parse(header.as_bytes()), expected.map(str::to_owned));
    }

    #[test]
    fn bytes_that_are_no_text_are_no_token() {
        assert_eq!(parse(b"Token \xff\xfe"), Err(HeaderFault::Unreadable));
    }

    #[test]
    fn one_header_only() {
        let request = TestRequest::default().to_http_request();
        assert_eq!(authorization(&request), Err(HeaderFault::Missing));
        let twice = TestRequest::default()
            .append_header(("authorization", "Token a"))
            .append_header(("authorization", "Token b"));
        assert_eq!(authorization(&twice.to_http_request()), Err(HeaderFault::Unreadable));
    }
}
