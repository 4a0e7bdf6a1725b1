//! Which requests a browser could not have made by itself. `contracts/ocs-provisioning.md` §2.1.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use crate::error::OcsError;

/// A header that a page of another site cannot set.
const API_REQUEST: HeaderName = HeaderName::from_static("ocs-apirequest");

/// Lets a request through that says that it is one of an API, or that has a Bearer token, which no browser adds by itself.
/// Basic credentials alone do not do: browsers remember them. There are no browser sessions here, so no session's token.
///
/// # Errors
/// [`OcsError::Csrf`].
pub fn check(headers: &HeaderMap) -> Result<(), OcsError> {
    let says_so = headers.get(API_REQUEST).is_some_and(|value| !value.is_empty());
    let is_bearer = headers.get(AUTHORIZATION).is_some_and(|value| {
        value.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    });
    if says_so || is_bearer { Ok(()) } else { Err(OcsError::Csrf) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::check;

    #[rstest]
    #[case::nothing("x-other", "true", false)]
    #[case::header("OCS-APIRequest", "true", true)]
    #[case::any_value("ocs-apirequest", "1", true)]
    #[case::empty("OCS-APIRequest", "", false)]
    #[case::bearer("Authorization", "Bearer x", true)]
    #[case::bearer_in_lower_case("Authorization", "bearer x", true)]
    #[case::basic("Authorization", "Basic eDp5", false)]
    #[case::scheme_alone("Authorization", "Bearer", false)]
    fn a_request_needs_the_header_or_a_bearer_token(
        #[case] name: &str,
        #[case] value: &str,
        #[case] passes: bool,
    ) {
        let request = TestRequest::default().insert_header((name, value)).to_http_request();
        assert_eq!(check(request.headers()).is_ok(), passes);
    }
}
