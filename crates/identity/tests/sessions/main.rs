//! Device sessions, account tokens, app passwords, and the limits on wrong passwords, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod account_tokens;
mod app_passwords;
mod changing_passwords;
mod ending;
mod eviction;
mod familiar;
mod fixture;
mod guessing;
mod locking;
mod presenting;
mod pruning;
mod races;
mod refusing;
mod signing_in;
