//! Path variables, percent-decoded once. `contracts/auvious-applications.md` §1.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

use super::error::ApiError;
use crate::domain::id::{ApplicationId, OrganizationId};
use crate::domain::refusal::Refusal;

/// In `/api/applications/{id}`.
const ID: usize = 3;
/// In `/api/applications/organizations/{organizationId}`.
const ORGANIZATION: usize = 4;

/// The application that the path names.
///
/// # Errors
/// What cannot be the id of an application is the id of none: the same 404.
pub fn application_id(request: &HttpRequest) -> Result<ApplicationId, ApiError> {
    let id = segment(request.uri().path(), ID).and_then(|id| id.parse().ok());
    Ok(id.ok_or(Refusal::Unknown)?)
}

/// The organisation that the path names; none for what cannot be one.
#[must_use]
pub fn organization_id(request: &HttpRequest) -> Option<OrganizationId> {
    segment(request.uri().path(), ORGANIZATION)?.parse().ok()
}

/// A segment as it was sent, decoded. (The router's own variables are decoded already, except for a few characters:
/// whoever decodes them again decodes some texts twice.) None when it is no UTF-8.
fn segment(path: &str, place: usize) -> Option<String> {
    Some(percent_decode_str(path.split('/').nth(place)?).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ID, segment};

    #[rstest]
    #[case::plain("a-1", Some("a-1"))]
    #[case::encoded("%61%2D1", Some("a-1"))]
    #[case::once("%2561", Some("%61"))]
    #[case::half_encoded("%%361", Some("%61"))]
    #[case::slash("a%2Fb", Some("a/b"))]
    #[case::plus("a+b", Some("a+b"))]
    #[case::malformed("%zz%", Some("%zz%"))]
    #[case::not_utf_8("%ff", None)]
    fn a_segment_is_decoded_once(#[case] sent: &str, #[case] expected: Option<&str>) {
        let path = format!("/api/applications/{sent}/availability");
        assert_eq!(segment(&path, ID).as_deref(), expected);
    }

    #[test]
    fn a_path_may_be_too_short() {
        assert_eq!(segment("/api/applications", ID), None);
    }
}
