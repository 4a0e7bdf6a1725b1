//! Clients that go on working, and of whom no request may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;

use crate::stack::Stack;

/// Lists rooms with one token until it is over; how often.
pub(super) async fn with_one_token(stack: Arc<Stack>, token: String, over: Arc<AtomicBool>) -> usize {
    let mut calls = 0;
    while !over.load(Ordering::Acquire) {
        stack.call(&token, Method::GET, "/rooms").await.expect(200);
        calls += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    calls
}

/// Gets a token and uses it, again and again, until it is over; how often.
pub(super) async fn with_new_tokens(stack: Arc<Stack>, over: Arc<AtomicBool>) -> usize {
    let mut calls = 0;
    while !over.load(Ordering::Acquire) {
        let token = stack.application_token(&stack.declared.kiosk, &stack.declared.bob).await;
        stack.call(&token, Method::GET, "/rooms").await.expect(200);
        calls += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    calls
}

/// Shows tokens whose keys nobody has, until it is over; how many.
pub(super) async fn with_made_up_keys(stack: Arc<Stack>, sender: usize, over: Arc<AtomicBool>) -> usize {
    let good = stack.application_token(&stack.declared.kiosk, &stack.declared.bob).await;
    let rest = good.split_once('.').expect("a JWT").1;
    let mut calls = 0;
    while !over.load(Ordering::Acquire) {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"made-up-{sender}-{calls}"}}"#);
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        stack.call(&token, Method::GET, "/rooms").await.expect_detail(401, "Invalid token.");
        calls += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    calls
}
