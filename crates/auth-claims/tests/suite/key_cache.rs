//! Fetching of keys: as rarely as possible, and never in a good token's way.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use auth_claims::keys::Algorithm;
use auth_claims::verify::{Verifier, VerifyError};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

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
#[tokio::test(start_paused = true)]
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
    // The first at second 0, which brought the key; then one in vain each second.
    assert_eq!(published.fetches(), 21);
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

/// Lets everything run that does not wait for time.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn verifying(verifier: &Verifier, token: String) -> JoinHandle<Result<(), VerifyError>> {
    let verifier = verifier.clone();
    tokio::spawn(async move { verifier.verify(&token).await.map(drop) })
}

/// Threat 18: an id that comes too soon after a fetch in vain waits for the next one. Were it refused, whoever makes ids
/// up all the time could keep a new key out.
#[tokio::test(start_paused = true)]
async fn threat_18_made_up_key_ids_do_not_keep_a_new_key_out() {
    let (old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::EdDsa));
    let published = Published::new(&[&old]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&old, 0)).await.is_ok());
    assert_eq!(verifier.verify(&garbage(&old, 0)).await, Err(VerifyError::Signature));
    published.publish(&[&old, &new]);
    let began = tokio::time::Instant::now();
    let honest: Vec<_> = (0..10).map(|n| verifying(&verifier, fresh(&new, n))).collect();
    let made_up: Vec<_> = (1..100).map(|n| verifying(&verifier, garbage(&old, n))).collect();
    settle().await;
    assert_eq!(published.fetches(), 2);
    clock.advance(TimeDelta::seconds(1));
    assert!(join_all(honest).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert!(began.elapsed() < Duration::from_millis(1010), "{:?}", began.elapsed());
    assert_eq!(published.fetches(), 3);
    let refused = join_all(made_up).await.into_iter().all(|end| end.unwrap() == Err(VerifyError::Signature));
    assert!(refused);
}

/// Threat 18: a fetch that made-up ids caused may have asked before a new key was published. Who joins it waits for the
/// one after it.
#[tokio::test(start_paused = true)]
async fn threat_18_an_older_fetch_is_no_verdict_on_a_new_key() {
    let (old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::EdDsa));
    let published = Published::gated(&[&old]);
    published.gate.add_permits(1);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&old, 0)).await.is_ok());
    let made_up = verifying(&verifier, garbage(&old, 0));
    until(|| published.fetches() == 2).await;
    published.publish(&[&old, &new]);
    let honest = verifying(&verifier, fresh(&new, 0));
    settle().await;
    published.gate.add_permits(1);
    assert_eq!(made_up.await.unwrap(), Err(VerifyError::Signature));
    assert!(!honest.is_finished());
    clock.advance(TimeDelta::seconds(1));
    published.gate.add_permits(1);
    assert_eq!(honest.await.unwrap(), Ok(()));
    assert_eq!(published.fetches(), 3);
}

/// Threat 18: so many wait for the next fetch, and no more. What comes then is no verdict, and a second later all is well.
#[tokio::test(start_paused = true)]
async fn threat_18_a_flood_finds_the_line_full() {
    let (old, new) = (Issuer::new(Algorithm::EdDsa), Issuer::new(Algorithm::EdDsa));
    let published = Published::new(&[&old]);
    let (verifier, clock) = over(&published);
    assert!(verifier.verify(&fresh(&old, 0)).await.is_ok());
    assert_eq!(verifier.verify(&garbage(&old, 0)).await, Err(VerifyError::Signature));
    published.publish(&[&old, &new]);
    let made_up: Vec<_> = (1..1500).map(|n| verifying(&verifier, garbage(&old, n))).collect();
    settle().await;
    let waiting = made_up.iter().filter(|end| !end.is_finished()).count();
    assert_eq!(waiting, 1024);
    assert_eq!(verifier.verify(&fresh(&new, 0)).await, Err(VerifyError::Unavailable));
    assert!(verifier.verify(&fresh(&old, 1)).await.is_ok(), "a known key does not stand in line");
    clock.advance(TimeDelta::seconds(1));
    let ends: Vec<_> = join_all(made_up).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(ends.iter().filter(|end| **end == Err(VerifyError::Signature)).count(), 1024);
    assert_eq!(ends.iter().filter(|end| **end == Err(VerifyError::Unavailable)).count(), 1499 - 1024);
    assert!(verifier.verify(&fresh(&new, 0)).await.is_ok());
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
