//! Device sessions and the limits on wrong passwords, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod changing_passwords;
mod ending;
mod eviction;
mod familiar;
mod fixture;
mod guessing;
mod presenting;
mod pruning;
mod races;
mod refusing;
mod signing_in;
