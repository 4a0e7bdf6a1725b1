//! How a request proves who calls. `contracts/ocs-provisioning.md` §3.1, §3.2.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use auth_claims::basic::{APP_PASSWORD, BASIC};
use auth_claims::caller::{Credential, Rejection};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

use crate::error::OcsError;

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request offers to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// Nothing: neither a word, nor a Basic header without a login or without a secret.
    Nothing,
    /// A login and a secret. If they are no good, nothing else counts, not even on a public route.
    Basic(Credential),
    /// A Basic header that says nothing.
    Unreadable,
    /// A token. If it is no good, the caller is as nobody.
    Bearer(Credential),
}

impl Offered {
    /// What these headers offer. A repeated `Authorization` offers nothing.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION);
        let (Some(value), None) = (values.next(), values.next()) else { return Self::Nothing };
        let Ok(value) = value.to_str() else { return Self::Nothing };
        let (scheme, rest) = value.trim().split_once([' ', '\t']).unwrap_or((value.trim(), ""));
        let rest = rest.trim();
        if rest.is_empty() {
            Self::Nothing
        } else if scheme.eq_ignore_ascii_case("basic") {
            basic(rest)
        } else if scheme.eq_ignore_ascii_case("bearer") {
            Self::Bearer(bearer(rest))
        } else {
            Self::Nothing
        }
    }
}

fn basic(encoded: &str) -> Offered {
    let Ok(joined) = LENIENT.decode(encoded).map(Zeroizing::new) else { return Offered::Unreadable };
    let mut halves = joined.splitn(2, |byte| *byte == b':');
    match (halves.next(), halves.next()) {
        (Some(login), Some(secret)) if !login.is_empty() && !secret.is_empty() => {
            Offered::Basic(Credential::Subject { token_type: BASIC, token: STANDARD.encode(&*joined) })
        }
        _ => Offered::Nothing,
    }
}

/// An access token has two dots; an app password has none.
fn bearer(token: &str) -> Credential {
    if token.bytes().filter(|byte| *byte == b'.').count() == 2 {
        Credential::Bearer(token.to_owned())
    } else {
        Credential::Subject { token_type: APP_PASSWORD, token: token.to_owned() }
    }
}

/// Why Basic credentials let nobody in.
#[must_use]
pub fn basic_refused(rejection: Rejection) -> OcsError {
    match rejection {
        Rejection::Unavailable | Rejection::ServiceDisabled => OcsError::Unavailable,
        Rejection::Throttled { retry_after } => OcsError::Throttled { retry_after },
        _ => OcsError::Unauthorised,
    }
}

/// A token that is no good is as none (§3.2), unless that cannot be told.
///
/// # Errors
/// [`OcsError::Unavailable`], [`OcsError::Throttled`].
pub fn bearer_refused(rejection: Rejection) -> Result<(), OcsError> {
    match basic_refused(rejection) {
        OcsError::Unauthorised => Ok(()),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use auth_claims::caller::Credential;
    use rstest::rstest;

    use super::{APP_PASSWORD, BASIC, OcsError, Offered, Rejection, basic_refused, bearer_refused};

    fn offered(value: &str) -> Offered {
        Offered::of(
            TestRequest::default().insert_header(("authorization", value)).to_http_request().headers(),
        )
    }

    fn subject(token_type: &'static str, token: &str) -> Credential {
        Credential::Subject { token_type, token: token.to_owned() }
    }

    #[rstest]
    #[case::padded("Basic bWlyYTpw", "bWlyYTpw")]
    #[case::lower_case("basic   bWlyYTpw ", "bWlyYTpw")]
    #[case::colon_in_the_secret("Basic YTpiOmM=", "YTpiOmM=")]
    #[case::without_padding("Basic YTpiOmM", "YTpiOmM=")]
    fn basic_credentials_are_found(#[case] header: &str, #[case] token: &str) {
        assert_eq!(offered(header), Offered::Basic(subject(BASIC, token)));
    }

    /// §3.1: what lacks a half is no credential.
    #[rstest]
    #[case::both_empty("Basic Og==")]
    #[case::no_login("Basic OnA=")]
    #[case::no_secret("Basic bWlyYTo=")]
    #[case::no_colon("Basic bWlyYQ==")]
    #[case::nothing("Basic ")]
    #[case::scheme_alone("Basic")]
    #[case::no_token("Bearer ")]
    #[case::other_scheme("Digest x")]
    #[case::empty("")]
    fn some_headers_offer_nothing(#[case] header: &str) {
        assert_eq!(offered(header), Offered::Nothing);
    }

    #[test]
    fn a_basic_header_that_is_not_base64_is_unreadable() {
        assert_eq!(offered("Basic !!"), Offered::Unreadable);
    }

    #[test]
    fn a_bearer_token_is_an_access_token_or_an_app_password() {
        assert_eq!(offered("Bearer a.b.c"), Offered::Bearer(Credential::Bearer("a.b.c".to_owned())));
        assert_eq!(offered("Bearer ab-cd"), Offered::Bearer(subject(APP_PASSWORD, "ab-cd")));
    }

    #[test]
    fn two_headers_offer_nothing() {
        let request = TestRequest::default()
            .append_header(("authorization", "Basic bWlyYTpw"))
            .append_header(("authorization", "Bearer a.b.c"));
        assert_eq!(Offered::of(request.to_http_request().headers()), Offered::Nothing);
    }

    #[test]
    fn what_nobody_can_tell_is_no_verdict() {
        assert!(matches!(basic_refused(Rejection::Unavailable), OcsError::Unavailable));
        assert!(matches!(bearer_refused(Rejection::Unavailable), Err(OcsError::Unavailable)));
        let throttled = Rejection::Throttled { retry_after: 7 };
        assert!(matches!(basic_refused(throttled), OcsError::Throttled { retry_after: 7 }));
        assert!(matches!(basic_refused(Rejection::Missing), OcsError::Unauthorised));
        assert!(bearer_refused(Rejection::Missing).is_ok());
    }
}
