use actix_web::ResponseError as _;
use actix_web::body::to_bytes;
use actix_web::http::{Method, StatusCode};
use auth_claims::caller::{ExchangeRefusal, Rejection};
use auth_claims::revocations::RevocationReason;
use auth_claims::verify::VerifyError;
use rstest::rstest;
use store::StoreError;

use super::{FieldErrors, SeaTableError};
use crate::header::HeaderFault;

async fn rendered(error: &SeaTableError) -> (u16, String) {
    let response = error.error_response();
    assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
    assert!(response.headers().get("www-authenticate").is_none(), "§4.1");
    let status = response.status().as_u16();
    (status, String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap())
}

const MISSING: &str = r#"{"detail":"Authentication credentials were not provided."}"#;
const INVALID: &str = r#"{"detail":"Invalid token"}"#;
const DELETED: &str = r#"{"detail":"User inactive or deleted"}"#;
const THROTTLED: &str = r#"{"detail":"Request was throttled. Expected available in 2 seconds."}"#;
const UNAVAILABLE: &str = r#"{"error_msg":"Service Unavailable"}"#;

/// §4.1, row by row.
#[rstest]
#[case::missing(Rejection::Missing, 403, MISSING)]
#[case::unknown(Rejection::Refused(ExchangeRefusal::Invalid), 401, INVALID)]
#[case::forged(Rejection::Invalid(VerifyError::Signature), 401, INVALID)]
#[case::expired(Rejection::Invalid(VerifyError::Expired), 401, INVALID)]
#[case::signed_out(Rejection::Invalid(VerifyError::Revoked(RevocationReason::SignedOut)), 401, INVALID)]
#[case::deleted(Rejection::Invalid(VerifyError::Revoked(RevocationReason::AccountDeleted)), 401, DELETED)]
#[case::gone(Rejection::Refused(ExchangeRefusal::AccountDeleted), 401, DELETED)]
#[case::disabled(Rejection::Refused(ExchangeRefusal::AccountDisabled), 403, MISSING)]
#[case::revoked(Rejection::Invalid(VerifyError::Revoked(RevocationReason::AccountDisabled)), 403, MISSING)]
#[case::throttled(Rejection::Throttled { retry_after: 2 }, 429, THROTTLED)]
#[case::unavailable(Rejection::Unavailable, 503, UNAVAILABLE)]
#[case::service(Rejection::ServiceDisabled, 503, r#"{"error_msg":"Service is disabled."}"#)]
#[actix_web::test]
async fn each_rejection_is_told_as_the_table_has_it(
    #[case] rejection: Rejection,
    #[case] status: u16,
    #[case] body: &str,
) {
    assert_eq!(rendered(&rejection.into()).await, (status, body.to_owned()));
}

#[rstest]
#[case(HeaderFault::Missing, 403, MISSING)]
#[case(HeaderFault::NoToken, 401, r#"{"detail":"Invalid token header. No credentials provided."}"#)]
#[case(
    HeaderFault::Spaces,
    401,
    r#"{"detail":"Invalid token header. Token string should not contain spaces."}"#
)]
#[case(HeaderFault::Unreadable, 401, INVALID)]
#[actix_web::test]
async fn each_fault_of_the_header_has_its_sentence(
    #[case] fault: HeaderFault,
    #[case] status: u16,
    #[case] body: &str,
) {
    assert_eq!(rendered(&fault.into()).await, (status, body.to_owned()));
}

/// §6–§11, §13.
#[rstest]
#[case(SeaTableError::invalid("app_name"), 400, "app_name invalid.")]
#[case(SeaTableError::permission_denied(), 403, "Permission denied.")]
#[case(SeaTableError::workspace_not_found(99_999), 404, "Workspace 99999 not found.")]
#[case(SeaTableError::dtable_not_found("Büro 📦"), 404, "dtable Büro 📦 not found.")]
#[case(SeaTableError::api_token_not_found(), 404, "api token not found.")]
#[case(SeaTableError::api_token_exists(), 400, "api token already exist.")]
#[case(SeaTableError::api_token_has("rw"), 400, "api token already has rw permission.")]
#[case(SeaTableError::external_link_not_found(), 404, "External link not found.")]
#[case(SeaTableError::external_link_exists(), 400, "token already exist.")]
#[case(SeaTableError::external_links_exceeded(), 400, "External links quota exceeded.")]
#[case(SeaTableError::table_exists("a"), 400, "Table a already exists.")]
#[case(SeaTableError::group_has_bases(), 400, "Cannot delete group with bases")]
#[case(SeaTableError::base_token_expired(), 403, "Token expired.")]
#[case(SeaTableError::Store(StoreError::Panicked), 500, "Internal Server Error")]
#[case(SeaTableError::internal("x"), 500, "Internal Server Error")]
#[case(SeaTableError::Store(StoreError::Unavailable("x".to_owned())), 503, "Service Unavailable")]
#[actix_web::test]
async fn each_refusal_of_the_application_has_its_sentence(
    #[case] error: SeaTableError,
    #[case] status: u16,
    #[case] text: &str,
) {
    assert_eq!(rendered(&error).await, (status, format!(r#"{{"error_msg":"{text}"}}"#)));
}

/// §12, byte by byte.
#[rstest]
#[case(37, "37 seconds")]
#[case(1, "1 second")]
#[actix_web::test]
async fn whoever_asks_too_often_is_told_when_to_come_back(#[case] retry_after: u64, #[case] told: &str) {
    let error = SeaTableError::Throttled { retry_after };
    let header = error.error_response().headers().get("retry-after").unwrap().to_str().unwrap().to_owned();
    assert_eq!(header, retry_after.to_string());
    let body = format!(r#"{{"detail":"Request was throttled. Expected available in {told}."}}"#);
    assert_eq!(rendered(&error).await, (429, body));
}

#[actix_web::test]
async fn what_may_work_later_says_when() {
    let header = |error: SeaTableError| error.error_response().headers().get("retry-after").cloned();
    assert_eq!(header(SeaTableError::Unavailable).unwrap(), "5");
    assert_eq!(header(SeaTableError::internal("x")), None);
}

#[actix_web::test]
async fn a_method_is_refused_with_those_that_are_allowed() {
    let error = SeaTableError::method_not_allowed(&Method::GET, "POST, OPTIONS");
    assert_eq!(error.status_code(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(error.error_response().headers().get("allow").unwrap(), "POST, OPTIONS");
    assert_eq!(rendered(&error).await, (405, r#"{"detail":"Method \"GET\" not allowed."}"#.to_owned()));
}

#[actix_web::test]
async fn errors_of_parameters_stand_under_their_names() {
    let mut errors = FieldErrors::default();
    errors.add("username", "This field is required.");
    errors.add("password", "This field may not be blank.");
    let body = r#"{"username":["This field is required."],"password":["This field may not be blank."]}"#;
    assert_eq!(rendered(&errors.into()).await, (400, body.to_owned()));
}

#[actix_web::test]
async fn the_second_factor_is_asked_for_in_a_header() {
    let asks = |errors: FieldErrors| {
        let response = SeaTableError::from(errors).error_response();
        response.headers().get("x-seafile-otp").map(|value| value.to_str().unwrap().to_owned())
    };
    let errors = FieldErrors::whole("Two factor auth token is missing.");
    assert_eq!(asks(errors.clone()), None);
    assert_eq!(asks(errors.asking_for_otp()).as_deref(), Some("required"));
}
