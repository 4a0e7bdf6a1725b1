//! Clients that go on working, and of whom no request may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
