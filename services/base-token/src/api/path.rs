//! What stands in paths, percent-decoded once. `contracts/seatable-tokens.md` §2.1.
//!
//! The router's own variables are decoded already, except for a few characters: whoever decodes them again decodes some
//! texts twice. So the path is read as it was sent.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use seatable_dialect::error::SeaTableError;

use crate::app::BasePath;

/// Before anything of a base: `api`, `v2.1`, `workspace`, the number, `dtable`, the name.
const WORKSPACE: usize = 3;
const BASE: usize = 5;
/// Behind the name of a base and what is asked of it.
const REST: usize = 7;

/// The base that the path names.
///
/// # Errors
/// 404 where the path can name none.
pub fn base(request: &HttpRequest) -> Result<BasePath, SeaTableError> {
    Ok(BasePath { workspace: workspace_id(request)?, name: base_name(request)? })
}

/// The number of the workspace.
///
/// # Errors
/// 404 for more digits than any workspace has, as for every other workspace that there is not.
pub fn workspace_id(request: &HttpRequest) -> Result<i64, SeaTableError> {
    let digits = segments(request).nth(WORKSPACE).unwrap_or_default();
    digits.parse().map_err(|_| SeaTableError::workspace_not_found(digits))
}

/// The name of the base.
///
/// # Errors
/// 404 for what is no UTF-8.
pub fn base_name(request: &HttpRequest) -> Result<String, SeaTableError> {
    decoded(segments(request).nth(BASE).unwrap_or_default())
}

/// All that stands behind the third part of a base's path, up to the last slash: an `app_name`, which may have slashes,
/// a group, the token of a link.
///
/// # Errors
/// 404 for what is no UTF-8.
pub fn rest(request: &HttpRequest) -> Result<String, SeaTableError> {
    let path = request.uri().path().trim_start_matches('/');
    let rest = path.splitn(REST + 1, '/').nth(REST).unwrap_or_default();
    decoded(rest.strip_suffix('/').unwrap_or(rest))
}

/// The number of the group behind `group-shares`.
///
/// # Errors
/// 404 for more digits than any group has.
pub fn group(request: &HttpRequest) -> Result<i64, SeaTableError> {
    rest(request)?.parse().map_err(|_| SeaTableError::not_found())
}

/// The number behind `/api/v2.1/groups/`.
///
/// # Errors
/// 404 for more digits than any group has.
pub fn numbered(request: &HttpRequest) -> Result<i64, SeaTableError> {
    segment(request, WORKSPACE)?.parse().map_err(|_| SeaTableError::not_found())
}

/// One segment, counted from the beginning; empty where there is none.
///
/// # Errors
/// 404 for what is no UTF-8.
pub fn segment(request: &HttpRequest, place: usize) -> Result<String, SeaTableError> {
    decoded(segments(request).nth(place).unwrap_or_default())
}

fn segments(request: &HttpRequest) -> impl Iterator<Item = &str> {
    request.uri().path().trim_start_matches('/').split('/')
}

fn decoded(sent: &str) -> Result<String, SeaTableError> {
    let text = percent_decode_str(sent).decode_utf8();
    text.map(std::borrow::Cow::into_owned).map_err(|_| SeaTableError::not_found())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::{base_name, rest, workspace_id};

    #[rstest]
    #[case::plain("Stock", Some("Stock"))]
    #[case::space("Stock%20Room", Some("Stock Room"))]
    #[case::plus("Stock+Room", Some("Stock+Room"))]
    #[case::once("%2561", Some("%61"))]
    #[case::half_encoded("%%361", Some("%61"))]
    #[case::slash("a%2Fb", Some("a/b"))]
    #[case::hash("%23%3F%26%2B%27", Some("#?&+'"))]
    #[case::accent("%C3%A9", Some("é"))]
    #[case::malformed("%zz%", Some("%zz%"))]
    #[case::not_utf_8("%ff", None)]
    fn a_name_is_decoded_once(#[case] sent: &str, #[case] expected: Option<&str>) {
        for slashes in ["/", "//", "////"] {
            let path = format!("{slashes}api/v2.1/workspace/61/dtable/{sent}/api-tokens/{sent}/");
            let request = TestRequest::with_uri(&format!("http://h{path}")).to_http_request();
            assert_eq!(base_name(&request).ok().as_deref(), expected);
            assert_eq!(rest(&request).ok().as_deref(), expected);
            assert_eq!(workspace_id(&request).ok(), Some(61));
        }
    }

    #[rstest]
    #[case("a/b", "a/b")]
    #[case("a//b", "a//b")]
    #[case("a%2F", "a/")]
    fn the_rest_may_have_slashes(#[case] sent: &str, #[case] expected: &str) {
        let path = format!("/api/v2.1/workspace/61/dtable/Stock/api-tokens/{sent}/");
        assert_eq!(rest(&TestRequest::with_uri(&path).to_http_request()).unwrap(), expected);
    }

    #[test]
    fn no_workspace_has_that_many_digits() {
        let path = format!("/api/v2.1/workspace/{}/dtable/", "9".repeat(20));
        assert!(workspace_id(&TestRequest::with_uri(&path).to_http_request()).is_err());
    }
}
