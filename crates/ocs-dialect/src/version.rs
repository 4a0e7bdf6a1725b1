//! The two entry points. `contracts/ocs-provisioning.md` §1.1, §1.2.

use actix_web::http::StatusCode;

/// The code of an unexpected failure, and of a required parameter that is missing or of the wrong type.
pub const SERVER_ERROR: u16 = 996;
/// The code of a caller who is not recognised.
pub const UNAUTHORISED: u16 = 997;
/// The code of something that is not there, where it is not 404.
pub const NOT_FOUND: u16 = 998;
/// The code of a failure without a name.
pub const UNKNOWN: u16 = 999;

/// Through which entry point a request came. Both lead to the same operations; only `meta` and the status differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/ocs/v1.php`: failures are HTTP 200, except 401.
    V1,
    /// `/ocs/v2.php`: failures have an HTTP status.
    V2,
}

impl Version {
    /// The entry point of a path. What is below neither of them speaks like the second.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/ocs/v1.php") { Self::V1 } else { Self::V2 }
    }

    /// `meta.statuscode` of a success.
    #[must_use]
    pub const fn success(self) -> u16 {
        match self {
            Self::V1 => 100,
            Self::V2 => 200,
        }
    }

    /// The HTTP status of a failure with this code.
    #[must_use]
    pub fn status(self, code: u16) -> StatusCode {
        match (self, code) {
            (_, UNAUTHORISED) => StatusCode::UNAUTHORIZED,
            (Self::V1, _) => StatusCode::OK,
            (Self::V2, NOT_FOUND) => StatusCode::NOT_FOUND,
            (Self::V2, SERVER_ERROR | UNKNOWN) => StatusCode::INTERNAL_SERVER_ERROR,
            (Self::V2, 400..=599) => StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST),
            (Self::V2, _) => StatusCode::BAD_REQUEST,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::Version;

    /// §1.2, row by row.
    #[rstest]
    #[case(101, 200, 400)]
    #[case(113, 200, 400)]
    #[case(403, 200, 403)]
    #[case(404, 200, 404)]
    #[case(405, 200, 405)]
    #[case(429, 200, 429)]
    #[case(503, 200, 503)]
    #[case(996, 200, 500)]
    #[case(997, 401, 401)]
    #[case(998, 200, 404)]
    #[case(999, 200, 500)]
    #[case(1, 200, 400)]
    #[case(700, 200, 400)]
    fn a_code_has_its_status(#[case] code: u16, #[case] v1: u16, #[case] v2: u16) {
        assert_eq!((Version::V1.status(code).as_u16(), Version::V2.status(code).as_u16()), (v1, v2));
    }

    #[test]
    fn the_path_tells_the_entry_point() {
        assert_eq!(Version::of("/ocs/v1.php/cloud/users"), Version::V1);
        assert_eq!(Version::of("/ocs/v2.php/cloud/users"), Version::V2);
        assert_eq!(Version::of("/elsewhere"), Version::V2);
    }

    proptest! {
        #[test]
        fn no_failure_looks_like_a_success_on_v2(code in 0_u16..2000) {
            prop_assume!(!(200..300).contains(&code));
            let status = Version::V2.status(code);
            prop_assert!(status.is_client_error() || status.is_server_error());
        }
    }
}
