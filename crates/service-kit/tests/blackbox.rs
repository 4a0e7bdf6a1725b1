//! The server as its clients see it: real sockets, free ports.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

#[path = "blackbox/docs.rs"]
mod docs;
#[path = "blackbox/limits.rs"]
mod limits;
#[path = "blackbox/management.rs"]
mod management;
#[path = "blackbox/origin.rs"]
mod origin;
#[path = "blackbox/proxies.rs"]
mod proxies;
#[path = "blackbox/requests.rs"]
mod requests;
#[path = "blackbox/shutdown.rs"]
mod shutdown;
#[path = "blackbox/support.rs"]
mod support;
