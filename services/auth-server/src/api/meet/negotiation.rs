//! What the dialect looks at before anything else: `?format=`, `Accept`, the method (`contracts/meet.md` §2.2, §4.4).

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};

use super::error::MeetError;

/// What a request to the token route is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A token.
    Token,
    /// A description of the route.
    Description,
    /// A browser asking whether it may ask.
    Preflight,
}

/// Decides what the request is.
///
/// # Errors
/// 404 for a format other than JSON, 406 for an `Accept` that excludes it, 405 for another method: in that order.
pub(super) fn negotiate(request: &HttpRequest) -> Result<Wanted, MeetError> {
    if is_preflight(request) {
        return Ok(Wanted::Preflight);
    }
    if !allows_json_format(request.query_string()) {
        return Err(MeetError::NotFound);
    }
    if !accepts_json(request) {
        return Err(MeetError::NotAcceptable);
    }
    match *request.method() {
        Method::POST => Ok(Wanted::Token),
        Method::OPTIONS => Ok(Wanted::Description),
        ref other => Err(MeetError::Method(other.to_string())),
    }
}

fn is_preflight(request: &HttpRequest) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The last `format` counts; an empty one counts as none.
fn allows_json_format(query: &str) -> bool {
    let given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "format").last();
    given.is_none_or(|(_, format)| format.is_empty() || format == "json")
}

/// Quality values are not looked at, as in the original: a type that is named is acceptable.
fn accepts_json(request: &HttpRequest) -> bool {
    let mut given = request.headers().get_all(ACCEPT).peekable();
    given.peek().is_none()
        || given.any(|value| {
            let value = value.to_str().unwrap_or_default();
            value.trim().is_empty() || value.split(',').any(is_json_range)
        })
}

fn is_json_range(range: &str) -> bool {
    let essence = range.split(';').next().unwrap_or_default().trim();
    let (kind, sub) = essence.split_once('/').unwrap_or((essence, ""));
    (kind == "*" || kind.eq_ignore_ascii_case("application"))
        && (sub == "*" || sub.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("*/*", true)]
    #[case("application/*", true)]
    #[case("Application/JSON; charset=utf-8", true)]
    #[case("text/html, application/json;q=0.1", true)]
    #[case("", true)]
    #[case("text/html", false)]
    #[case("application/xml,text/*", false)]
    #[case("application/vnd.api+json", false)]
    #[case("*", false)]
    #[case("nonsense", false)]
    fn accept(#[case] value: &str, #[case] accepted: bool) {
        let request = TestRequest::post().insert_header((ACCEPT, value)).to_http_request();
        assert_eq!(negotiate(&request).is_ok(), accepted);
    }

    #[rstest]
    #[case("/", true)]
    #[case("/?format=json", true)]
    #[case("/?format=", true)]
    #[case("/?format=api&format=json", true)]
    #[case("/?format=api", false)]
    #[case("/?format=JSON", false)]
    fn format(#[case] uri: &str, #[case] found: bool) {
        let request = TestRequest::post().uri(uri).to_http_request();
        assert_eq!(negotiate(&request).is_ok(), found);
    }

    #[test]
    fn the_format_wins_over_accept_and_accept_over_the_method() {
        let both = TestRequest::get().uri("/?format=xml").insert_header((ACCEPT, "text/html"));
        assert!(matches!(negotiate(&both.to_http_request()), Err(MeetError::NotFound)));
        let accept = TestRequest::get().insert_header((ACCEPT, "text/html")).to_http_request();
        assert!(matches!(negotiate(&accept), Err(MeetError::NotAcceptable)));
        assert!(matches!(negotiate(&TestRequest::get().to_http_request()), Err(MeetError::Method(_))));
    }

    #[test]
    fn a_preflight_comes_before_everything() {
        let request = TestRequest::with_uri("/?format=xml")
            .method(Method::OPTIONS)
            .insert_header((ACCEPT, "text/html"))
            .insert_header((ORIGIN, "https://app.example"))
            .insert_header((ACCESS_CONTROL_REQUEST_METHOD, "POST"));
        assert_eq!(negotiate(&request.to_http_request()).ok(), Some(Wanted::Preflight));
    }
}
