//! A secret that services in this process log is found, and nothing else is.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use test_kit::logs;

const SECRET: &str = "0123456789abcdef+0123456789abcdef";

/// What one test logs another watch would see as well.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the end of a watch over this says.
fn said(work: impl FnOnce()) -> Option<String> {
    let _alone = alone();
    let watch = logs::watch();
    work();
    let failure = catch_unwind(AssertUnwindSafe(|| drop(watch))).err()?;
    Some(*failure.downcast::<String>().expect("a sentence"))
}

fn post() -> RequestBuilder {
    Client::new().post("http://localhost/oauth/token")
}

fn assert_found(kind: &str, said: Option<String>) {
    let said = said.expect("a leak");
    assert!(
        said.starts_with(&format!("secrets were logged: {kind} at crates/test-kit/tests/logs.rs:")),
        "{said}"
    );
    assert!(!said.contains(&SECRET[..16]), "{said}");
}

#[test]
fn a_leak_is_found_whichever_comes_first() {
    assert_found(
        "password",
        said(|| {
            logs::note("password", SECRET);
            tracing::info!("signed in with {SECRET}");
        }),
    );
    assert_found(
        "password",
        said(|| {
            tracing::debug!(value = SECRET);
            logs::note("password", SECRET);
        }),
    );
}

#[test]
fn fields_of_spans_are_looked_through() {
    assert_found(
        "password",
        said(|| {
            let span = tracing::info_span!("request", path = tracing::field::Empty);
            logs::note("password", SECRET);
            span.record("path", format!("/links/{}", SECRET.replace('+', "%2B")));
        }),
    );
}

#[test]
fn the_secrets_of_requests_and_answers_are_known() {
    let pair = || post().basic_auth("ada", Some(SECRET));
    let basic = pair().build().expect("a request");
    let basic = basic.headers()["authorization"].to_str().expect("a text");
    for text in [basic, SECRET] {
        assert_found(
            "Basic credentials",
            said(|| {
                logs::note_request(&pair());
                tracing::warn!(?text);
            }),
        );
    }
    assert_found(
        "client_secret",
        said(|| {
            logs::note_request(&post().form(&[("scope", "a"), ("client_secret", SECRET)]));
            tracing::error!("client_secret={SECRET}");
        }),
    );
    assert_found(
        "refresh_token",
        said(|| {
            tracing::error!(issued = %SECRET);
            logs::note_answer(&HeaderMap::new(), &format!(r#"{{"refresh_token":"{SECRET}"}}"#));
        }),
    );
}

#[test]
fn what_is_no_secret_may_be_logged() {
    let fine = said(|| {
        logs::note("password", SECRET);
        logs::note_request(
            &post().form(&[("token", "urn:tessera:token-type:basic"), ("scope", "a-scope-of-some-length")]),
        );
        tracing::info!("urn:tessera:token-type:basic, a-scope-of-some-length, {}", &SECRET[1..]);
        tracing::trace!(SECRET, "nobody asks for as much");
    });
    assert_eq!(fine, None);
}

#[test]
fn a_watch_knows_what_happened_in_its_own_time_only() {
    assert_eq!(said(|| tracing::info!("{SECRET}")), None);
    assert_eq!(said(|| logs::note("password", SECRET)), None);
    assert_eq!(said(|| tracing::info!("{SECRET}")), None);
}
