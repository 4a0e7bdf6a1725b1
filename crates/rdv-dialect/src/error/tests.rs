use actix_web::ResponseError as _;
use actix_web::body::to_bytes;
use auth_claims::caller::{ExchangeRefusal, Rejection};
use auth_claims::verify::VerifyError;
use rstest::rstest;
use store::StoreError;

use super::{ForbiddenText, RdvError};
use crate::violations::{Code, Violations};

/// §4.4, §12.2: every status and body, byte by byte.
#[rstest]
#[case(
    RdvError::Unauthenticated,
    401,
    r#"{"errors":["Vous devez vous connecter ou vous inscrire pour continuer."]}"#
)]
#[case(RdvError::BadJson, 400, "")]
#[case(RdvError::TooLarge, 413, r#"{"success":false,"errors":["Request Entity Too Large"]}"#)]
#[case(
    RdvError::Forbidden(ForbiddenText::Organisation),
    403,
    r#"{"errors":[{"base":"forbidden"}],"error_messages":["Vous n’avez pas les droits suffisants pour accéder à cette organisation"]}"#
)]
#[case(
    RdvError::Forbidden(ForbiddenText::Action),
    403,
    r#"{"errors":[{"base":"forbidden"}],"error_messages":["Vous n’avez pas les droits suffisants pour accéder à cette page ou effectuer cette action"]}"#
)]
#[case(
    Rejection::ServiceDisabled.into(),
    403,
    r#"{"errors":[{"base":"forbidden"}],"error_messages":["Ce service est désactivé."]}"#
)]
#[case(RdvError::NotFoundAbsence, 404, r#"{"not_found":"absence"}"#)]
#[case(RdvError::NotFoundAgent, 404, r#"{"not_found":"agent"}"#)]
#[case(
    RdvError::NotFoundOrganisation("99999".to_owned()),
    404,
    r#"{"success":false,"errors":["Couldn't find Organisation with 'id'=99999"]}"#
)]
#[case(RdvError::NotFound, 404, r#"{"success":false,"errors":["Not Found"]}"#)]
#[case(
    Violations::of("ends_time", Code::text("doit être après le début.")).into(),
    422,
    r#"{"success":false,"errors":{"ends_time":[{"error":"doit être après le début."}]},"error_messages":["ends_time doit être après le début."]}"#
)]
#[case(
    RdvError::Throttled { retry_after: 12, limit: 50 },
    429,
    r#"{"errors":["Limite d'appels API atteinte. Merci de patienter.\n"]}"#
)]
#[case(RdvError::Unavailable, 503, r#"{"success":false,"errors":["Service Unavailable"]}"#)]
#[case(
    StoreError::Unavailable("postgres.internal: refused".to_owned()).into(),
    503,
    r#"{"success":false,"errors":["Service Unavailable"]}"#
)]
#[case(
    StoreError::corrupt("role", "king").into(),
    500,
    r#"{"success":false,"errors":["Internal Server Error"]}"#
)]
#[case(RdvError::internal("boom"), 500, r#"{"success":false,"errors":["Internal Server Error"]}"#)]
#[actix_web::test]
async fn each_error_has_its_status_and_body(
    #[case] error: RdvError,
    #[case] status: u16,
    #[case] body: &str,
) {
    let response = error.error_response();
    assert_eq!(response.status().as_u16(), status);
    let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap());
    let expected = match status {
        400 => None,
        429 => Some("application/json"),
        _ => Some("application/json; charset=utf-8"),
    };
    assert_eq!(content_type, expected);
    assert_eq!(response.headers().contains_key("retry-after"), matches!(status, 429 | 503));
    let sent = to_bytes(response.into_body()).await.unwrap();
    assert_eq!(std::str::from_utf8(&sent).unwrap(), body);
}

/// §13.
#[test]
fn the_throttle_tells_its_limit_and_when_to_come_back() {
    let response = RdvError::Throttled { retry_after: 12, limit: 50 }.error_response();
    let value = |name| response.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(
        (value("ratelimit-limit"), value("ratelimit-remaining"), value("retry-after")),
        ("50", "0", "12")
    );
}

/// §4.4: one answer for every credential that does not hold, and another where nobody can tell.
#[rstest]
#[case(Rejection::Missing, 401)]
#[case(Rejection::Malformed, 401)]
#[case(Rejection::Encoding, 401)]
#[case(Rejection::Invalid(VerifyError::Expired), 401)]
#[case(Rejection::Refused(ExchangeRefusal::Invalid), 401)]
#[case(Rejection::Refused(ExchangeRefusal::AccountDisabled), 401)]
#[case(Rejection::Unavailable, 503)]
fn a_rejection_tells_nothing(#[case] rejection: Rejection, #[case] status: u16) {
    assert_eq!(RdvError::from(rejection).status_code().as_u16(), status);
}
