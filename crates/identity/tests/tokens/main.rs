//! Tokens, revocations, signing keys and the audit trail, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod applications;
mod audit;
mod feed;
mod fixture;
mod known;
mod pruning;
mod races;
mod refresh;
mod shared;
mod signing_keys;
