//! Slashes at both ends of a path. `contracts/seatable-tokens.md` §2.1.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

/// A path as it is and with more slashes before it, as clients send it that are configured with one too many. The first
/// names the route in metrics.
#[must_use]
pub fn spellings(path: &str) -> [String; 2] {
    [path.to_owned(), format!("/{{slashes:/+}}{}", path.trim_start_matches('/'))]
}

/// 301 to the same path with a slash at its end, where it has none; the query is kept.
#[must_use]
pub fn redirect(request: &HttpRequest) -> Option<HttpResponse> {
    let path = request.uri().path();
    if path.ends_with('/') {
        return None;
    }
    // Two slashes at the start of a Location would name another host.
    let path = format!("/{}/", path.trim_start_matches('/'));
    let location = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    Some(HttpResponse::MovedPermanently().insert_header((LOCATION, location)).finish())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::LOCATION;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::redirect;

    #[rstest]
    #[case("/api2/ping", Some("/api2/ping/"))]
    #[case("/api2/ping?a=%2F&b", Some("/api2/ping/?a=%2F&b"))]
    #[case("/api2/Stock%20Room", Some("/api2/Stock%20Room/"))]
    #[case("//evil.example/api2", Some("/evil.example/api2/"))]
    #[case("////api2/ping", Some("/api2/ping/"))]
    #[case("/api2/ping/", None)]
    #[case("/api2/ping/?a", None)]
    fn a_missing_slash_is_added(#[case] uri: &str, #[case] expected: Option<&str>) {
        let answer = redirect(&TestRequest::with_uri(uri).to_http_request());
        let location =
            answer.as_ref().map(|answer| answer.headers().get(LOCATION).unwrap().to_str().unwrap());
        assert_eq!(location, expected);
        assert!(answer.as_ref().is_none_or(|answer| answer.status() == 301));
    }
}
