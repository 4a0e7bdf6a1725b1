//! Fetching of keys: as rarely as possible, and never in a good token's way.

use std::sync::Arc;

use auth_claims::clock::Clock;
use auth_claims::keys::Algorithm;
use auth_claims::verify::{Verifier, VerifyError};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::issuer::{Issuer, Published, clock, good_claims, settings, with};

fn over(published: &Arc<Published>) -> (Verifier, Clock) {
    let clock = clock();
    let source: Arc<Published> = Arc::clone(published);
    (Verifier::new(settings(), source, clock.clone()), clock)
}

fn garbage(issuer: &Issuer, n: usize) -> String {
    let header = with(issuer.header(), &json!({ "kid": format!("garbage-{n}") }));
    issuer.token_with(&header.to_string(), &good_claims().to_string())
}

/// A different token each time, so that none is remembered.
fn fresh(issuer: &Issuer, n: usize) -> String {
    issuer.token(&with(good_claims(), &json!({ "jti": format!("token-{n}") })))
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_callers_share_one_fetch() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::new(&[&issuer]);
    let (verifier, _) = over(&published);
    let tokens: Vec<_> = (0..100).map(|n| fresh(&issuer, n)).collect();
    let outcomes = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(published.fetches(), 1);
}

/// Threat 18: a flood of unknown key ids causes one fetch in vain per `min_refresh`, whatever its size.
#[tokio::test]
async fn threat_18_a_flood_of_unknown_key_ids() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::new(&[&issuer]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&issuer, 0)).await.is_ok());
    for second in 0..20 {
        let garbage: Vec<_> = (0..50).map(|n| garbage(&issuer, second * 50 + n)).collect();
        let outcomes = join_all(garbage.iter().map(|token| verifier.verify(token))).await;
        assert!(outcomes.iter().all(|outcome| outcome == &Err(VerifyError::Signature)));
        assert!(verifier.verify(&fresh(&issuer, second)).await.is_ok());
        clock.advance(TimeDelta::seconds(1));
    }
    // The first at second 0, which brought the key; then in vain at 0, 5, 10 and 15.
    assert_eq!(published.fetches(), 5);
}

/// Threat 18: while a fetch hangs, garbage waits and good tokens do not.
#[tokio::test]
async fn threat_18_good_tokens_do_not_wait_for_a_hanging_fetch() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::gated(&[&issuer]);
    published.gate.add_permits(1);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&issuer, 0)).await.is_ok());
    clock.advance(TimeDelta::seconds(5));
    let hanging = {
        let (verifier, token) = (verifier.clone(), garbage(&issuer, 0));
        tokio::spawn(async move { verifier.verify(&token).await })
    };
    until(|| published.fetches() == 2).await;
    assert!(verifier.verify(&fresh(&issuer, 1)).await.is_ok());
    assert!(!hanging.is_finished());
    published.gate.add_permits(1);
    assert_eq!(hanging.await.unwrap(), Err(VerifyError::Signature));
    assert_eq!(published.fetches(), 2);
}

#[tokio::test]
async fn a_new_key_is_learnt_from_its_first_token() {
    let (old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::Es256));
    let published = Published::new(&[&old]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&old, 0)).await.is_ok());
    published.publish(&[&old, &new]);
    clock.advance(TimeDelta::seconds(5));
    assert!(verifier.verify(&fresh(&new, 1)).await.is_ok());
    assert!(verifier.verify(&fresh(&old, 2)).await.is_ok());
    assert_eq!(published.fetches(), 2);
}

/// Two rotations within moments, each learnt from its first token: neither waits for `min_refresh`.
#[tokio::test]
async fn rotations_in_a_row_are_learnt_at_once() {
    let [first, second, third] = [(); 3].map(|()| Issuer::new(Algorithm::EdDsa));
    let published = Published::new(&[&first]);
    let (verifier, _) = over(&published);
    assert!(verifier.verify(&fresh(&first, 0)).await.is_ok());
    published.publish(&[&first, &second]);
    assert!(verifier.verify(&fresh(&second, 1)).await.is_ok());
    published.publish(&[&first, &second, &third]);
    assert!(verifier.verify(&fresh(&third, 2)).await.is_ok());
    assert_eq!(published.fetches(), 3);
}

#[tokio::test]
async fn a_fetch_outlives_the_caller_that_caused_it() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::gated(&[&issuer]);
    let (verifier, _) = over(&published);
    let caller = {
        let (verifier, token) = (verifier.clone(), fresh(&issuer, 0));
        tokio::spawn(async move { verifier.verify(&token).await })
    };
    until(|| published.fetches() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    published.gate.add_permits(1);
    assert!(verifier.verify(&fresh(&issuer, 1)).await.is_ok());
    assert_eq!(published.fetches(), 1);
}

#[tokio::test]
async fn a_failed_refresh_keeps_the_keys() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::new(&[&issuer]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&issuer, 0)).await.is_ok());
    published.fail();
    clock.advance(TimeDelta::seconds(301));
    assert!(verifier.verify(&fresh(&issuer, 1)).await.is_ok());
    until(|| published.fetches() == 2).await;
    // Nobody can tell whether an unknown key is a new one: that is no verdict on the token.
    assert_eq!(verifier.verify(&garbage(&issuer, 0)).await, Err(VerifyError::Unavailable));
    assert!(verifier.verify(&fresh(&issuer, 2)).await.is_ok());
    published.publish(&[&issuer]);
    clock.advance(TimeDelta::seconds(5));
    assert_eq!(verifier.verify(&garbage(&issuer, 1)).await, Err(VerifyError::Signature));
}

#[tokio::test]
async fn an_empty_key_set_counts_as_a_failure() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::new(&[&issuer]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&issuer, 0)).await.is_ok());
    published.publish(&[]);
    clock.advance(TimeDelta::seconds(5));
    assert_eq!(verifier.verify(&garbage(&issuer, 0)).await, Err(VerifyError::Unavailable));
    assert!(verifier.verify(&fresh(&issuer, 1)).await.is_ok());
}

#[tokio::test]
async fn before_the_first_key_nobody_can_tell() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let published = Published::new(&[&issuer]);
    published.fail();
    let (verifier, clock) = over(&published);
    assert!(!verifier.warm().await);
    for n in 0..10 {
        assert_eq!(verifier.verify(&fresh(&issuer, n)).await, Err(VerifyError::Unavailable));
    }
    assert_eq!(published.fetches(), 1);
    published.publish(&[&issuer]);
    clock.advance(TimeDelta::seconds(5));
    assert!(verifier.warm().await);
    assert!(verifier.verify(&fresh(&issuer, 0)).await.is_ok());
    assert_eq!(published.fetches(), 2);
}

/// Threat 26: a withdrawn key takes along what it signed, remembered verifications included.
#[tokio::test]
async fn threat_26_a_withdrawn_key_ends_its_tokens() {
    let (old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::EdDsa));
    let published = Published::new(&[&old, &new]);
    let (verifier, clock) = over(&published);
    let token = fresh(&old, 0);
    assert!(verifier.verify(&token).await.is_ok());
    assert!(verifier.recall(&token).is_some());
    published.publish(&[&new]);
    clock.advance(TimeDelta::seconds(300));
    assert!(verifier.verify(&token).await.is_ok(), "the first use after max_age starts the refresh");
    until(|| published.fetches() == 2).await;
    until(|| verifier.recall(&token).is_none()).await;
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Signature));
    assert!(verifier.verify(&fresh(&new, 1)).await.is_ok());
}

/// Threat 6: a key whose material changes under the same id is another key.
#[tokio::test]
async fn threat_06_a_replaced_key_ends_remembered_verifications() {
    let (mut old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::EdDsa));
    let published = Published::new(&[&old]);
    let (verifier, clock) = over(&published);
    let token = fresh(&old, 0);
    assert!(verifier.verify(&token).await.is_ok());
    old.0.public.key = new.0.public.key.clone();
    published.publish(&[&old]);
    clock.advance(TimeDelta::seconds(5));
    assert_eq!(verifier.verify(&garbage(&new, 0)).await, Err(VerifyError::Signature));
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Signature));
}
