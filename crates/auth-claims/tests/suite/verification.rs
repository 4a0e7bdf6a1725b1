//! The order of the checks, time, and what is remembered. Threat 26: revoked or expired and still accepted.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::SourceError;
use auth_claims::keys::Algorithm;
use auth_claims::revocations::{
    Follower, RevocationEntry, RevocationKind, RevocationPage, RevocationReason, RevocationSource,
};
use auth_claims::verify::{LostFeed, Verifier, VerifierSettings, VerifyError};
use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt as _};
use rstest::rstest;
use serde_json::json;
use tokio::sync::watch;

use crate::issuer::{
    AUDIENCE, ISSUER, Issuer, NOW, Published, clock, encode, good_claims, settings, verifier, with,
};

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_good_token_of_each_algorithm_verifies(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let issuer = Issuer::new(algorithm);
    let claims = verifier(&issuer).verify(&issuer.token(&good_claims())).await.unwrap();
    assert_eq!(serde_json::to_value(&*claims).unwrap(), good_claims());
}

#[tokio::test(start_paused = true)]
async fn one_of_several_audiences_is_enough() {
    let issuer = Issuer::new(Algorithm::Es256);
    let token = issuer.token(&with(good_claims(), &json!({ "aud": ["agenda", AUDIENCE] })));
    assert!(verifier(&issuer).verify(&token).await.is_ok());
}

#[rstest]
#[case::foreign_issuer(json!({ "iss": "https://id.example.evil" }), VerifyError::Issuer)]
#[case::issuer_with_slash(json!({ "iss": "https://id.example/" }), VerifyError::Issuer)]
#[case::foreign_audience(json!({ "aud": "agenda" }), VerifyError::Audience)]
#[case::foreign_audiences(json!({ "aud": ["agenda", "Rooms", "rooms "] }), VerifyError::Audience)]
#[case::empty_audience(json!({ "aud": "" }), VerifyError::Audience)]
#[case::issuer_before_audience(json!({ "iss": "x", "aud": "y" }), VerifyError::Issuer)]
// contracts/meet.md §6.1: `Token expired.` wins over a wrong `aud` or `iss`.
#[case::expired_before_issuer(json!({ "exp": NOW, "iss": "x", "aud": "y" }), VerifyError::Expired)]
#[case::early_before_expired(json!({ "exp": NOW - 10, "nbf": NOW + 10 }), VerifyError::NotYetValid)]
#[tokio::test(start_paused = true)]
async fn claims_are_checked_in_order(#[case] changes: serde_json::Value, #[case] expected: VerifyError) {
    let issuer = Issuer::new(Algorithm::Es256);
    let token = issuer.token(&with(good_claims(), &changes));
    assert_eq!(verifier(&issuer).verify(&token).await, Err(expected));
}

#[tokio::test(start_paused = true)]
async fn the_signature_comes_before_every_claim() {
    let (issuer, attacker) = (Issuer::new(Algorithm::Es256), Issuer::new(Algorithm::Es256));
    let expired = with(good_claims(), &json!({ "exp": 1, "iss": "x" })).to_string();
    let forged = attacker.token_with(&issuer.header().to_string(), &expired);
    assert_eq!(verifier(&issuer).verify(&forged).await, Err(VerifyError::Signature));
    let signed = format!("{}.{}", encode(issuer.header().to_string()), encode("no json"));
    let token = format!("{signed}.{}", attacker.signature(signed.as_bytes()));
    assert_eq!(verifier(&issuer).verify(&token).await, Err(VerifyError::Signature));
}

/// Threat 26: the last second, with and without leeway, and no more leeway than the contract allows.
#[rstest]
#[case(0, NOW + 1, true)]
#[case(0, NOW, false)]
#[case(5, NOW - 4, true)]
#[case(5, NOW - 5, false)]
#[case(3600, NOW - 4, true)]
#[case(3600, NOW - 5, false)]
#[case(0, i64::MIN, false)]
#[case(5, i64::MAX, true)]
#[tokio::test(start_paused = true)]
async fn threat_26_expiry_to_the_second(#[case] leeway: u64, #[case] exp: i64, #[case] accepted: bool) {
    let issuer = Issuer::new(Algorithm::Es256);
    let settings = VerifierSettings { expiry_leeway: Duration::from_secs(leeway), ..settings() };
    let verifier = Verifier::new(settings, Published::new(&[&issuer]), clock());
    let outcome = verifier.verify(&issuer.token(&with(good_claims(), &json!({ "exp": exp })))).await;
    assert_eq!(outcome.map(|_| ()), if accepted { Ok(()) } else { Err(VerifyError::Expired) });
}

/// Threat 26: a token from a replica whose clock is a little ahead is good, one from the future is not.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_26_clock_skew(#[values("iat", "nbf")] name: &str) {
    let issuer = Issuer::new(Algorithm::Es256);
    for (skew, ahead, accepted) in [(5, 5, true), (5, 6, false), (0, 0, true), (0, 1, false), (60, 6, false)]
    {
        let settings = VerifierSettings { clock_skew: Duration::from_secs(skew), ..settings() };
        let verifier = Verifier::new(settings, Published::new(&[&issuer]), clock());
        let outcome =
            verifier.verify(&issuer.token(&with(good_claims(), &json!({ name: NOW + ahead })))).await;
        let expected = if accepted { Ok(()) } else { Err(VerifyError::NotYetValid) };
        assert_eq!(outcome.map(|_| ()), expected, "{skew} {ahead}");
    }
}

/// Threat 26: what is remembered expires as everything else does.
#[tokio::test(start_paused = true)]
async fn threat_26_a_remembered_token_expires() {
    let (issuer, clock) = (Issuer::new(Algorithm::Es256), clock());
    let verifier = Verifier::new(settings(), Published::new(&[&issuer]), clock.clone());
    let token = issuer.token(&good_claims());
    let first = verifier.verify(&token).await.unwrap();
    let second = verifier.recall(&token).expect("it was just verified").unwrap();
    assert!(Arc::ptr_eq(&first, &second), "the second answer comes from memory");
    clock.advance(TimeDelta::seconds(3599));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Expired));
    assert!(verifier.recall(&token).is_none(), "and is forgotten");
}

fn entry(kind: RevocationKind, value: &str, reason: RevocationReason) -> RevocationEntry {
    let (value, issued_before, expires_at) = (value.to_owned(), NOW, NOW + 3600);
    RevocationEntry { seq: 1, kind, value, issued_before, reason, expires_at, lifted: false }
}

/// Threat 26: a revocation holds at the next use, remembered or not, and is checked last.
#[tokio::test(start_paused = true)]
async fn threat_26_a_remembered_token_is_revoked() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = verifier(&issuer);
    let token = issuer.token(&good_claims());
    assert!(verifier.verify(&token).await.is_ok());
    verifier.revocations().apply(&entry(RevocationKind::Sid, "session-1", RevocationReason::SignedOut));
    let revoked = Err(VerifyError::Revoked(RevocationReason::SignedOut));
    assert_eq!(verifier.verify(&token).await, revoked);
    assert_eq!(verifier.verify(&token).await, revoked, "also once it is forgotten");
    let elsewhere = issuer.token(&with(good_claims(), &json!({ "aud": "agenda" })));
    assert_eq!(verifier.verify(&elsewhere).await, Err(VerifyError::Audience));
}

#[tokio::test(start_paused = true)]
async fn a_lifted_state_lets_the_same_token_in_again() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = verifier(&issuer);
    let token = issuer.token(&good_claims());
    let disabled = entry(RevocationKind::Client, "booking", RevocationReason::ClientDisabled);
    verifier.revocations().apply(&disabled);
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Revoked(RevocationReason::ClientDisabled)));
    verifier.revocations().apply(&RevocationEntry { seq: 2, lifted: true, ..disabled });
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn failures_are_not_remembered() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = verifier(&issuer);
    for aud in ["agenda", "applications"] {
        let token = issuer.token(&with(good_claims(), &json!({ "aud": aud })));
        assert_eq!(verifier.verify(&token).await, Err(VerifyError::Audience));
        assert!(verifier.recall(&token).is_none());
    }
}

/// Threat 18: what is remembered is bounded, and the newest token still finds a place.
#[tokio::test(start_paused = true)]
async fn threat_18_memory_is_bounded() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let settings = VerifierSettings { remembered_bytes: 8 * 1024, ..settings() };
    let verifier = Verifier::new(settings, Published::new(&[&issuer]), clock());
    let token = |n: usize| issuer.token(&with(good_claims(), &json!({ "jti": format!("token-{n}") })));
    let tokens: Vec<_> = (0..100).map(token).collect();
    for token in &tokens {
        assert!(verifier.verify(token).await.is_ok());
    }
    let kept: usize = tokens.iter().filter(|token| verifier.recall(token).is_some()).map(String::len).sum();
    assert!(kept > 0 && kept <= 8 * 1024, "{kept}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_remembered_where_there_is_no_room() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let settings = VerifierSettings { remembered_bytes: 0, ..settings() };
    let verifier = Verifier::new(settings, Published::new(&[&issuer]), clock());
    let token = issuer.token(&good_claims());
    assert!(verifier.verify(&token).await.is_ok());
    assert!(verifier.recall(&token).is_none());
}

/// The issuer looks at the tokens of others; a service that remembers one of those still does not accept it.
#[tokio::test(start_paused = true)]
async fn whomever_a_token_is_for_everything_else_is_checked() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = verifier(&issuer);
    let elsewhere = issuer.token(&with(good_claims(), &json!({ "aud": "agenda" })));
    for _ in 0..2 {
        assert!(verifier.verify_for_any_audience(&elsewhere).await.is_ok());
        assert_eq!(verifier.verify(&elsewhere).await, Err(VerifyError::Audience));
        assert_eq!(verifier.recall(&elsewhere), Some(Err(VerifyError::Audience)));
    }
    for (changes, expected) in [
        (json!({ "aud": "agenda", "iss": "x" }), VerifyError::Issuer),
        (json!({ "aud": "agenda", "exp": NOW }), VerifyError::Expired),
    ] {
        let token = issuer.token(&with(good_claims(), &changes));
        assert_eq!(verifier.verify_for_any_audience(&token).await, Err(expected));
    }
    verifier.revocations().apply(&entry(RevocationKind::Sid, "session-1", RevocationReason::SignedOut));
    let revoked = Err(VerifyError::Revoked(RevocationReason::SignedOut));
    assert_eq!(verifier.verify_for_any_audience(&elsewhere).await, revoked);
}

/// Its id among the apps, which is not the audience.
const SERVICE: &str = "conferences";

fn of_service(issuer: &Issuer, lost_feed: LostFeed) -> Verifier {
    let service = Some(SERVICE.to_owned());
    let settings = VerifierSettings { service, lost_feed, ..VerifierSettings::new(ISSUER, AUDIENCE) };
    Verifier::new(settings, Published::new(&[issuer]), clock())
}

/// Threat 9: after everything else, and for everybody but administrators; nothing of it is remembered.
#[tokio::test(start_paused = true)]
async fn threat_9_a_disabled_service_lets_nobody_in_but_administrators() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = of_service(&issuer, LostFeed::KeepServing);
    let with_roles = |roles: &[&str]| issuer.token(&with(good_claims(), &json!({ "roles": roles })));
    let (before, anybody) = (issuer.token(&good_claims()), with_roles(&["ADMIN", "SERVICE", "SUPERVISOR"]));
    let administrator = with_roles(&["AGENT", "GLOBAL_ADMIN"]);
    assert!(verifier.verify(&before).await.is_ok());

    let disabled = entry(RevocationKind::Service, SERVICE, RevocationReason::ServiceDisabled);
    verifier.revocations().apply(&disabled);
    let refused = Err(VerifyError::ServiceDisabled);
    for token in [&before, &anybody, &anybody] {
        assert_eq!(verifier.verify(token).await, refused, "verified and remembered");
    }
    assert_eq!(verifier.recall(&anybody), Some(refused), "a refusal costs no signature check");
    assert_eq!(verifier.ensure_enabled(), Err(VerifyError::ServiceDisabled));
    assert!(verifier.verify(&administrator).await.is_ok());
    let expired = issuer.token(&with(good_claims(), &json!({ "exp": NOW })));
    assert_eq!(verifier.verify(&expired).await, Err(VerifyError::Expired));
    verifier.revocations().apply(&entry(RevocationKind::Sid, "session-1", RevocationReason::SignedOut));
    let signed_out = Err(VerifyError::Revoked(RevocationReason::SignedOut));
    assert_eq!(verifier.verify(&administrator).await, signed_out, "an administrator's token is a token");
    assert_eq!(verifier.verify(&before).await, signed_out, "what is wrong with the token is told first");

    let other = issuer.token(&with(good_claims(), &json!({ "sid": "session-2" })));
    assert_eq!(verifier.verify(&other).await, Err(VerifyError::ServiceDisabled));
    verifier.revocations().prune(NOW + 1_000_000);
    assert_eq!(verifier.ensure_enabled(), Err(VerifyError::ServiceDisabled), "the state lasts");
    assert_eq!(verifier.ensure_not_disabled(), Err(VerifyError::ServiceDisabled));
    verifier.revocations().apply(&RevocationEntry { seq: 2, lifted: true, ..disabled });
    assert!(verifier.verify(&other).await.is_ok());
    assert_eq!(verifier.ensure_enabled(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_service_is_disabled_by_its_id_alone() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = of_service(&issuer, LostFeed::KeepServing);
    let token = issuer.token(&good_claims());
    for value in ["agenda", AUDIENCE, "Conferences", "conferences "] {
        let other = entry(RevocationKind::Service, value, RevocationReason::ServiceDisabled);
        verifier.revocations().apply(&other);
    }
    // Of a client or account that is called like the service.
    for kind in [RevocationKind::Client, RevocationKind::Sub] {
        verifier.revocations().apply(&entry(kind, SERVICE, RevocationReason::ClientDisabled));
    }
    assert!(verifier.verify(&token).await.is_ok());
    let disabled = entry(RevocationKind::Service, SERVICE, RevocationReason::ServiceDisabled);
    verifier.revocations().apply(&disabled);
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::ServiceDisabled));
    let nameless = crate::issuer::verifier(&issuer);
    nameless.revocations().apply(&disabled);
    assert!(nameless.verify(&token).await.is_ok(), "a verifier of no service");
}

/// Threat 26: a service that was just started does not know yet whether it is disabled.
#[tokio::test(start_paused = true)]
async fn threat_26_nobody_knows_whether_a_restarted_service_is_enabled() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = of_service(&issuer, LostFeed::KeepServingOnceHeard);
    assert_eq!(verifier.ensure_enabled(), Err(VerifyError::Unavailable));
    assert_eq!(verifier.ensure_not_disabled(), Ok(()), "nothing is known against it");
    let administrator = issuer.token(&with(good_claims(), &json!({ "roles": ["GLOBAL_ADMIN"] })));
    assert_eq!(verifier.verify(&administrator).await, Err(VerifyError::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn without_the_feed_tokens_are_refused_only_by_setting() {
    let (issuer, clock) = (Issuer::new(Algorithm::Es256), clock());
    let token = issuer.token(&good_claims());
    let strict = VerifierSettings {
        lost_feed: LostFeed::RefuseAfter(Duration::from_mins(1)),
        ..VerifierSettings::new(ISSUER, AUDIENCE)
    };
    let strict = Verifier::new(strict, Published::new(&[&issuer]), clock.clone());
    assert_eq!(strict.verify(&token).await, Err(VerifyError::Unavailable));
    assert!(verifier(&issuer).verify(&token).await.is_ok());
}

struct Hushed(watch::Receiver<bool>);

impl RevocationSource for Hushed {
    fn after(&self, seq: i64, _: Duration) -> BoxFuture<'_, Result<RevocationPage, SourceError>> {
        let mut speaks = self.0.clone();
        async move {
            speaks.wait_for(|speaks| *speaks).await.map_err(|_| SourceError::new("gone"))?;
            Ok(RevocationPage { next: seq, entries: Vec::new() })
        }
        .boxed()
    }
}

/// Threat 26: a service that was just started knows of no revocation at all; nobody is let in on that.
#[tokio::test(start_paused = true)]
async fn threat_26_a_restarted_service_waits_for_the_feed_to_speak_once() {
    let (issuer, clock) = (Issuer::new(Algorithm::Es256), clock());
    let token = issuer.token(&good_claims());
    let settings = VerifierSettings {
        lost_feed: LostFeed::KeepServingOnceHeard,
        ..VerifierSettings::new(ISSUER, AUDIENCE)
    };
    let verifier = Verifier::new(settings, Published::new(&[&issuer]), clock.clone());
    let (speak, speaks) = watch::channel(false);
    let index = Arc::clone(verifier.revocations());
    let follower = Follower::spawn(Arc::new(Hushed(speaks)), index, clock.clone());
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Unavailable));
    speak.send(true).unwrap();
    while follower.health().silent_for.is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(follower);
    clock.advance(TimeDelta::minutes(30));
    assert!(verifier.verify(&token).await.is_ok(), "a feed that falls silent later is no reason to refuse");
}
