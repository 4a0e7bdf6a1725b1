//! The exchange of foreign credentials, and what becomes of it when something is revoked.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_claims::caller::{
    Authenticator, Credential, Exchange as _, ExchangeError, ExchangeRefusal, Rejection,
};
use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use auth_claims::verify::{Verifier, VerifierSettings, VerifyError};
use auth_client::{Authority, AuthoritySettings};
use chrono::TimeDelta;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::authority::{Served, State, serve};

const ACCOUNT_TOKEN: &str = "urn:tessera:token-type:account-token";

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn exchanges(served: &Served) -> usize {
    State::count(&served.state.exchanges)
}

#[actix_web::test]
async fn the_request_is_that_of_rfc_8693() {
    let served = serve();
    let audience = Some("rooms".to_owned());
    let settings = AuthoritySettings { audience, ..served.settings() };
    Authority::connect(settings).unwrap().exchange(ACCOUNT_TOKEN, "a b+c&d=é", CLIENT).await.unwrap();
    let form = served.state.forms.lock().unwrap().pop().unwrap();
    assert_eq!(form.grant_type, "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(form.subject_token_type.as_deref(), Some(ACCOUNT_TOKEN));
    assert_eq!(form.subject_token.as_deref(), Some("a b+c&d=é"));
    assert_eq!(form.audience.as_deref(), Some("rooms"));
    assert_eq!(form.client_address.as_deref(), Some("192.0.2.1"));
}

#[actix_web::test]
async fn callers_with_one_credential_share_one_exchange() {
    let served = serve();
    let authority = served.authority();
    let answers = join_all((0..50).map(|_| authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT))).await;
    assert!(answers.windows(2).all(|pair| pair[0].is_ok() && pair[0] == pair[1]));
    assert_eq!(authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await, answers[0]);
    assert_eq!(exchanges(&served), 1);
}

/// contracts/oauth2.md §4 and DESIGN: at most 60 s, and never beyond the token's own life.
#[rstest]
#[case(600, 60)]
#[case(61, 60)]
#[case(20, 20)]
#[case(0, 0)]
#[actix_web::test]
async fn an_answer_is_kept_for_a_minute_at_most(#[case] life: u64, #[case] kept: i64) {
    let (served, clock) = {
        let served = serve();
        let clock = served.clock();
        (served, clock)
    };
    served.state.set(|mood| mood.expires_in = life);
    let authority = Authority::connect_at(served.settings(), clock.clone()).unwrap();
    authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await.unwrap();
    if kept > 0 {
        clock.advance(TimeDelta::seconds(kept) - TimeDelta::microseconds(1));
        authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await.unwrap();
        assert_eq!(exchanges(&served), 1);
        clock.advance(TimeDelta::microseconds(1));
    }
    authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await.unwrap();
    assert_eq!(exchanges(&served), 2);
}

#[rstest]
#[case::no_reason(400, json!({ "error": "invalid_grant" }), ExchangeRefusal::Invalid.into())]
#[case::unknown(400, json!({ "error": "invalid_grant", "reason": "bad_mood" }), ExchangeRefusal::Invalid.into())]
#[case::disabled(400, json!({ "error": "invalid_grant", "reason": "account_disabled" }), ExchangeRefusal::AccountDisabled.into())]
#[case::deleted(400, json!({ "error": "invalid_grant", "reason": "account_deleted" }), ExchangeRefusal::AccountDeleted.into())]
#[case::locked(400, json!({ "error": "invalid_grant", "reason": "account_locked" }), ExchangeRefusal::AccountLocked.into())]
#[case::otp(400, json!({ "error": "invalid_grant", "reason": "otp_required" }), ExchangeRefusal::OtpRequired.into())]
#[case::wrong_otp(400, json!({ "error": "invalid_grant", "reason": "otp_invalid" }), ExchangeRefusal::OtpInvalid.into())]
#[case::throttled(429, json!({ "error": "temporarily_unavailable" }), ExchangeError::Throttled { retry_after: 7 })]
// Whatever is our own fault or the server's says nothing about the credential.
#[case::this_service(401, json!({ "error": "invalid_client" }), ExchangeError::Unavailable)]
#[case::not_allowed(400, json!({ "error": "unauthorized_client" }), ExchangeError::Unavailable)]
#[case::target(400, json!({ "error": "invalid_target" }), ExchangeError::Unavailable)]
#[case::request(400, json!({ "error": "invalid_request" }), ExchangeError::Unavailable)]
#[case::odd_status(403, json!({ "error": "invalid_grant" }), ExchangeError::Unavailable)]
#[case::no_answer(429, json!("try later"), ExchangeError::Unavailable)]
#[case::down(503, json!({ "error": "temporarily_unavailable" }), ExchangeError::Unavailable)]
#[case::nonsense(200, json!({ "token_type": "Bearer" }), ExchangeError::Unavailable)]
#[case::other_type(200, json!({ "access_token": "x", "token_type": "N_A" }), ExchangeError::Unavailable)]
#[case::no_object(400, json!("invalid_grant"), ExchangeError::Unavailable)]
#[actix_web::test]
async fn refusals_are_told_apart_and_not_kept(
    #[case] status: u16,
    #[case] body: Value,
    #[case] error: ExchangeError,
) {
    let served = serve();
    let authority = served.authority();
    served.state.set(|mood| mood.token_answer = Some((status, body)));
    assert_eq!(authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await, Err(error));
    served.state.set(|mood| mood.token_answer = None);
    assert!(authority.exchange(ACCOUNT_TOKEN, "abc", CLIENT).await.is_ok());
}

/// Threat 18: a flood of different credentials meets a bound on what runs at once, and another on what waits.
#[actix_web::test]
async fn threat_18_a_flood_of_credentials() {
    let served = serve();
    let timeout = Duration::from_secs(30);
    let authority = Authority::connect(AuthoritySettings { timeout, ..served.settings() }).unwrap();
    served.state.slow.store(true, Ordering::SeqCst);
    let mut waiting = Vec::new();
    let mut turned_away = 0;
    for n in 0..1500 {
        let credential = format!("garbage-{n}");
        let mut exchange = Box::pin({
            let authority = authority.clone();
            async move { authority.exchange(ACCOUNT_TOKEN, &credential, CLIENT).await }
        });
        match futures_util::poll!(&mut exchange) {
            std::task::Poll::Ready(outcome) => {
                assert_eq!(outcome, Err(ExchangeError::Unavailable));
                turned_away += 1;
            }
            std::task::Poll::Pending => waiting.push(exchange),
        }
    }
    assert_eq!((waiting.len(), turned_away), (1024, 1500 - 1024));
    State::reached(&served.state.busiest, 64).await;
    served.state.slow.store(false, Ordering::SeqCst);
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert_eq!(State::count(&served.state.busiest), 64);
    assert!(authority.exchange(ACCOUNT_TOKEN, "afterwards", CLIENT).await.is_ok());
}

fn authenticator(served: &Served, authority: &Authority) -> Authenticator {
    let settings = VerifierSettings::new("https://id.example", "rooms");
    let verifier = Verifier::new(settings, Arc::new(authority.clone()), served.clock());
    Authenticator::new(verifier, Some(Arc::new(authority.clone())))
}

fn credential() -> Credential {
    Credential::Subject { token_type: ACCOUNT_TOKEN, token: "abc".to_owned() }
}

fn revoke(authenticator: &Authenticator, kind: RevocationKind, value: &str, reason: RevocationReason) {
    let now = authenticator.verifier().clock().unix();
    let (value, issued_before, expires_at) = (value.to_owned(), now, now + 3600);
    let entry = RevocationEntry { seq: 1, kind, value, issued_before, reason, expires_at, lifted: false };
    authenticator.verifier().revocations().apply(&entry);
}

#[actix_web::test]
async fn an_exchanged_credential_gets_in() {
    let served = serve();
    let authenticator = authenticator(&served, &served.authority());
    for _ in 0..3 {
        assert_eq!(authenticator.admit(&credential(), CLIENT).await.unwrap().jti, "exchanged-0");
    }
    assert_eq!(exchanges(&served), 1);
}

/// Threat 26: a cached exchange does not outlive the revocation of its token. The credential itself may still be
/// good, in which case it is exchanged again.
#[actix_web::test]
async fn threat_26_a_revoked_exchange_is_not_used_again() {
    let served = serve();
    let authenticator = authenticator(&served, &served.authority());
    authenticator.admit(&credential(), CLIENT).await.unwrap();
    revoke(&authenticator, RevocationKind::Jti, "exchanged-0", RevocationReason::Revoked);
    assert_eq!(authenticator.admit(&credential(), CLIENT).await.unwrap().jti, "exchanged-1");
    assert_eq!(authenticator.admit(&credential(), CLIENT).await.unwrap().jti, "exchanged-1");
    assert_eq!(exchanges(&served), 2);
}

/// Threat 26: and where the credential is no good any more, the server's own reason is told.
#[actix_web::test]
async fn threat_26_a_disabled_account_is_told_as_such() {
    let served = serve();
    let authenticator = authenticator(&served, &served.authority());
    authenticator.admit(&credential(), CLIENT).await.unwrap();
    served.state.set(|mood| {
        mood.token_answer = Some((400, json!({ "error": "invalid_grant", "reason": "account_disabled" })));
    });
    assert!(
        authenticator.admit(&credential(), CLIENT).await.is_ok(),
        "until the feed tells, the cache answers"
    );
    revoke(&authenticator, RevocationKind::Sub, "ada", RevocationReason::AccountDisabled);
    let refused = Err(Rejection::Refused(ExchangeRefusal::AccountDisabled));
    assert_eq!(authenticator.admit(&credential(), CLIENT).await.map(|_| ()), refused);
}

/// Threat 26: a server that goes on exchanging what its own feed has revoked is asked once per request, and nobody
/// gets in.
#[actix_web::test]
async fn threat_26_a_session_that_stays_revoked() {
    let served = serve();
    let authenticator = authenticator(&served, &served.authority());
    authenticator.admit(&credential(), CLIENT).await.unwrap();
    revoke(&authenticator, RevocationKind::Sid, "session-1", RevocationReason::SignedOut);
    let revoked = Err(Rejection::Invalid(VerifyError::Revoked(RevocationReason::SignedOut)));
    assert_eq!(authenticator.admit(&credential(), CLIENT).await.map(|_| ()), revoked);
    assert_eq!(exchanges(&served), 2);
}

#[actix_web::test]
async fn without_an_exchange_only_access_tokens_get_in() {
    let served = serve();
    let authority = served.authority();
    let settings = VerifierSettings::new("https://id.example", "rooms");
    let verifier = Verifier::new(settings, Arc::new(authority), served.clock());
    let authenticator = Authenticator::new(verifier, None);
    assert_eq!(authenticator.admit(&credential(), CLIENT).await.map(|_| ()), Err(Rejection::Unavailable));
    let bearer = Credential::Bearer(served.state.token(&json!({})));
    assert!(authenticator.admit(&bearer, CLIENT).await.is_ok());
    assert!(!format!("{bearer:?} {:?}", credential()).contains("abc"));
}
