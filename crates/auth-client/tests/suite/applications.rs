//! The status of applications over HTTP.

use std::sync::atomic::Ordering;

use auth_claims::revocations::RevocationSource as _;
use auth_client::applications::{ApplicationRegistry as _, ApplicationStatus, RegistryError};
use auth_client::{Authority, AuthoritySettings};
use chrono::DateTime;
use rstest::rstest;
use std::time::Duration;

use crate::authority::{Served, State, serve};

fn status(expires_at: Option<i64>) -> ApplicationStatus {
    let expires_at =
        expires_at.map(|seconds| DateTime::from_timestamp(seconds, 250_000_000).expect("an instant"));
    ApplicationStatus { organization_id: "org-\"é\"".to_owned(), disabled: true, expires_at }
}

fn told(served: &Served) -> Vec<(String, String, String)> {
    served.state.told.lock().unwrap().clone()
}

#[actix_web::test]
async fn it_is_told_with_a_token_for_that() {
    let served = serve();
    let authority = served.authority();
    authority.put("helios-setup", &status(Some(1_800_000_000)), 0).await.unwrap();
    authority.put("helios-setup", &status(None), 7).await.unwrap();
    authority.delete("helios-setup", 8).await.unwrap();
    let path = "/base/internal/applications/helios-setup".to_owned();
    let body = |end: &str| format!(r#"{{"organization_id":"org-\"é\"","disabled":true,"expires_at":{end}}}"#);
    assert_eq!(
        told(&served),
        [
            ("PUT".to_owned(), path.clone(), body(r#""2027-01-15T08:00:00.250Z""#)),
            ("PUT".to_owned(), path.clone(), body("null")),
            ("DELETE".to_owned(), path, String::new()),
        ]
    );
    let scopes: Vec<_> = served.state.forms.lock().unwrap().iter().map(|form| form.scope.clone()).collect();
    assert_eq!(scopes, [Some("internal:applications".to_owned())], "one token for all three");
}

/// What is told names the revision it comes after.
#[actix_web::test]
async fn it_is_told_after_a_revision() {
    let served = serve();
    let authority = served.authority();
    served.state.told_status.store(200, Ordering::SeqCst);
    assert_eq!(authority.revision("a/b").await, Ok(17));
    authority.put("a", &status(None), 17).await.unwrap();
    authority.delete("a", 18).await.unwrap();
    assert_eq!(*served.state.conditions.lock().unwrap(), ["", "\"17\"", "\"18\""]);
    assert_eq!(told(&served)[0].1, "/base/internal/applications/a%2Fb");
    for answered in [404, 200, 503] {
        served.state.told_status.store(answered, Ordering::SeqCst);
        let outcome = authority.revision("a").await;
        assert_eq!(outcome.is_ok(), answered == 200, "{outcome:?}");
    }
}

/// A token for the feed tells nothing, and the other way round: each use asks for its own.
#[actix_web::test]
async fn uses_do_not_share_tokens() {
    let served = serve();
    let authority = served.authority();
    authority.after(0, Duration::ZERO).await.unwrap();
    authority.put("a", &status(None), 7).await.unwrap();
    authority.after(0, Duration::ZERO).await.unwrap();
    let forms = served.state.forms.lock().unwrap().clone();
    let scopes: Vec<_> = forms.iter().map(|form| form.scope.as_deref().unwrap()).collect();
    // The server of these tests accepts the newest token only, so the first one is renewed at its second use.
    assert_eq!(scopes, ["internal:revocations", "internal:applications", "internal:revocations"]);
}

#[rstest]
#[case::slash("a/b", "a%2Fb")]
#[case::traversal("../oauth/token", "..%2Foauth%2Ftoken")]
#[case::query("a?b#c", "a%3Fb%23c")]
#[case::percent("a%2Fb", "a%252Fb")]
#[case::accent("é", "%C3%A9")]
#[case::blank("a b", "a%20b")]
#[case::dots("...", "...")]
#[actix_web::test]
async fn an_id_is_one_segment(#[case] id: &str, #[case] segment: &str) {
    let served = serve();
    served.authority().delete(id, 0).await.unwrap();
    assert_eq!(told(&served)[0].1, format!("/base/internal/applications/{segment}"));
}

#[rstest]
#[actix_web::test]
async fn directions_are_no_ids(#[values("", ".", "..")] id: &str) {
    let served = serve();
    assert_eq!(served.authority().delete(id, 0).await, Err(RegistryError::Refused("no id".to_owned())));
    assert_eq!(told(&served), []);
}

/// Only what was certainly not done counts as refused.
#[rstest]
#[case(400, false)]
#[case(403, true)]
#[case(404, false)]
#[case(412, false)]
#[case(428, false)]
#[case(302, false)]
#[case(500, false)]
#[case(503, false)]
#[actix_web::test]
async fn another_answer_confirms_nothing(#[case] answered: u16, #[case] refused: bool) {
    let served = serve();
    served.state.told_status.store(answered, Ordering::SeqCst);
    let outcome = served.authority().put("a", &status(None), 7).await;
    assert_eq!(matches!(outcome, Err(RegistryError::Refused(_))), refused, "{outcome:?}");
    assert_eq!(matches!(outcome, Err(RegistryError::Unconfirmed(_))), !refused, "{outcome:?}");
}

#[actix_web::test]
async fn a_refused_token_is_renewed_once() {
    let served = serve();
    let authority = served.authority();
    authority.put("a", &status(None), 7).await.unwrap();
    served.state.expire_service_token();
    authority.put("a", &status(None), 7).await.unwrap();
    assert_eq!(State::count(&served.state.service_tokens), 2);
    served.state.set(|mood| mood.refuses = true);
    let refused = authority.put("a", &status(None), 7).await;
    assert!(matches!(refused, Err(RegistryError::Refused(_))), "{refused:?}");
    assert_eq!(told(&served).len(), 2);
}

/// Told, but not answered in time: nobody knows.
#[actix_web::test]
async fn silence_confirms_nothing() {
    let served = serve();
    let timeout = Duration::from_millis(300);
    let authority = Authority::connect(AuthoritySettings { timeout, ..served.settings() }).unwrap();
    authority.delete("warm", 0).await.unwrap();
    served.state.slow.store(true, Ordering::SeqCst);
    let outcome = authority.put("a", &status(None), 7).await;
    served.state.slow.store(false, Ordering::SeqCst);
    assert!(matches!(outcome, Err(RegistryError::Unconfirmed(_))), "{outcome:?}");
    assert_eq!(told(&served).len(), 2);
}
