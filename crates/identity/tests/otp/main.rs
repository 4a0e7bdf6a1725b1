//! Second factors, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod enrolling;
mod fixture;
mod guessing;
mod names;
mod once;
mod recovering;
mod signing_in;
mod tokens;
mod trusting;
