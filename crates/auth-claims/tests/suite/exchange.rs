//! Exchanges that are remembered: asked for once, for a short time, within bounds.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_claims::caller::exchange::{ExchangeSource, Exchanged, Remembering};
use auth_claims::caller::{Exchange as _, ExchangeError, ExchangeRefusal};
use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use rstest::rstest;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::issuer::clock;

const ACCOUNT_TOKEN: &str = "urn:tessera:token-type:account-token";
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DEVICE: &str = "urn:tessera:token-type:device-session";

/// Counts what it is asked, and answers when the gate lets it.
struct Source {
    asked: AtomicUsize,
    gate: Semaphore,
    life: Duration,
    addresses: Mutex<Vec<IpAddr>>,
}

/// An exchange over one source that both can be looked at.
#[derive(Clone)]
struct Asked(Arc<Source>);

impl ExchangeSource for Asked {
    fn ask<'a>(
        &'a self,
        _: &'a str,
        _: &'a SecretString,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<Exchanged, ExchangeError>> {
        async move {
            self.0.addresses.lock().unwrap().push(client_address);
            let number = self.0.asked.fetch_add(1, Ordering::SeqCst);
            drop(self.0.gate.acquire().await);
            Ok(Exchanged { access_token: format!("token-{number}").into(), expires_in: self.0.life })
        }
        .boxed()
    }
}

impl Asked {
    fn with_life(seconds: u64) -> Self {
        let (gate, life) = (Semaphore::new(Semaphore::MAX_PERMITS), Duration::from_secs(seconds));
        Self(Arc::new(Source { asked: AtomicUsize::new(0), gate, life, addresses: Mutex::default() }))
    }

    fn that_waits() -> Self {
        let asked = Self::with_life(600);
        asked.0.gate.forget_permits(Semaphore::MAX_PERMITS);
        asked
    }

    fn open(&self) {
        self.0.gate.add_permits(1 << 20);
    }

    fn count(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn callers_with_one_credential_share_one_exchange() {
    let source = Asked::with_life(600);
    let exchange = Remembering::new(source.clone(), clock());
    let answers = join_all((0..50).map(|_| exchange.exchange(DEVICE, "abc", CLIENT))).await;
    assert!(answers.iter().all(|answer| answer.as_deref() == Ok("token-0")));
    assert_eq!(exchange.exchange(DEVICE, "abc", CLIENT).await.as_deref(), Ok("token-0"));
    assert_eq!(source.count(), 1);
    exchange.forget(DEVICE, "abd");
    exchange.forget(ACCOUNT_TOKEN, "abc");
    assert_eq!(exchange.exchange(DEVICE, "abc", CLIENT).await.as_deref(), Ok("token-0"));
    exchange.forget(DEVICE, "abc");
    assert_eq!(exchange.exchange(DEVICE, "abc", CLIENT).await.as_deref(), Ok("token-1"));
}

#[tokio::test]
async fn type_and_credential_are_told_apart() {
    let source = Asked::with_life(600);
    let exchange = Remembering::new(source.clone(), clock());
    let pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), (ACCOUNT_TOKEN, "abc"), (DEVICE, "abc")];
    let mut tokens = Vec::new();
    for (token_type, token) in pairs {
        tokens.push(exchange.exchange(token_type, token, CLIENT).await.unwrap());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!((tokens.len(), source.count()), (pairs.len(), pairs.len()));
}

/// contracts/oauth2.md §4 and the design of caches: at most 60 s, and never beyond the token's own life.
#[rstest]
#[case(600, 60)]
#[case(61, 60)]
#[case(20, 20)]
#[case(0, 0)]
#[tokio::test]
async fn an_answer_is_kept_for_a_minute_at_most(#[case] life: u64, #[case] kept: i64) {
    let (source, clock) = (Asked::with_life(life), clock());
    let exchange = Remembering::new(source.clone(), clock.clone());
    exchange.exchange(DEVICE, "abc", CLIENT).await.unwrap();
    if kept > 0 {
        clock.advance(TimeDelta::milliseconds(kept * 1000 - 1));
        exchange.exchange(DEVICE, "abc", CLIENT).await.unwrap();
        assert_eq!(source.count(), 1);
        clock.advance(TimeDelta::milliseconds(1));
    }
    exchange.exchange(DEVICE, "abc", CLIENT).await.unwrap();
    assert_eq!(source.count(), 2);
}

/// Threat 18: a credential longer than any real one makes no work.
#[tokio::test]
async fn threat_18_long_credentials_are_not_sent() {
    let source = Asked::with_life(600);
    let exchange = Remembering::new(source.clone(), clock());
    let long = "x".repeat(16 * 1024 + 1);
    assert_eq!(exchange.exchange(DEVICE, &long, CLIENT).await, Err(ExchangeRefusal::Invalid.into()));
    assert_eq!(source.count(), 0);
    assert!(exchange.exchange(DEVICE, &long[1..], CLIENT).await.is_ok());
}

/// Threat 18: a flood of different credentials meets a bound, and afterwards everybody is served again.
#[tokio::test]
async fn threat_18_a_flood_of_credentials() {
    let source = Asked::that_waits();
    let exchange = Arc::new(Remembering::new(source.clone(), clock()));
    let mut waiting = Vec::new();
    let mut turned_away = 0;
    for n in 0..1500 {
        let credential = format!("garbage-{n}");
        let exchange = Arc::clone(&exchange);
        let mut outcome = Box::pin(async move { exchange.exchange(DEVICE, &credential, CLIENT).await });
        match futures_util::poll!(&mut outcome) {
            std::task::Poll::Ready(outcome) => {
                assert_eq!(outcome, Err(ExchangeError::Unavailable));
                turned_away += 1;
            }
            std::task::Poll::Pending => waiting.push(outcome),
        }
    }
    assert_eq!((waiting.len(), turned_away), (1024, 1500 - 1024));
    source.open();
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert!(exchange.exchange(DEVICE, "afterwards", CLIENT).await.is_ok());
}

#[tokio::test]
async fn an_exchange_outlives_the_caller_that_caused_it() {
    let source = Asked::that_waits();
    let exchange = Arc::new(Remembering::new(source.clone(), clock()));
    let gone = tokio::spawn({
        let exchange = Arc::clone(&exchange);
        async move { exchange.exchange(DEVICE, "abc", CLIENT).await }
    });
    while source.count() == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    source.open();
    assert_eq!(exchange.exchange(DEVICE, "abc", CLIENT).await.as_deref(), Ok("token-0"));
    assert_eq!(source.count(), 1);
    assert!(!format!("{exchange:?}").contains("token-0"));
}

/// The source hears whose try it is; an answer is remembered whoever asked.
#[tokio::test(start_paused = true)]
async fn an_exchange_is_remembered_wherever_its_client_is() {
    let asked = Asked::with_life(600);
    let exchange = Remembering::new(asked.clone(), clock());
    let elsewhere: IpAddr = "2001:db8::7".parse().unwrap();
    for address in [CLIENT, elsewhere] {
        assert_eq!(exchange.exchange(DEVICE, "abc", address).await.as_deref(), Ok("token-0"));
    }
    exchange.exchange(DEVICE, "def", elsewhere).await.unwrap();
    assert_eq!(*asked.0.addresses.lock().unwrap(), [CLIENT, elsewhere]);
}
