//! The chain over the audit trail, on both databases: what somebody does to the tables by SQL shows.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod fixture;
mod listing;
mod plans;
mod pruning;
mod replaying;
mod sealing;
mod sharing;
mod tampering;
mod upgrading;
