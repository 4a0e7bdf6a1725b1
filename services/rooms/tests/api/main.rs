//! The service as its clients meet it: over a real socket, on both databases, with a clock the test moves.
//!
//! One file for each part of `contracts/meet.md`; `threats.rs` tells where the rows of the threat list
//! are. Doc comments name the section or table row that a test proves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod attendees;
mod audit;
mod authentication;
mod bodies;
mod configuration;
mod conventions;
mod cors;
mod create;
mod delete;
mod device_sessions;
mod disabled;
mod exhaustion;
mod forged_tokens;
mod leavers;
mod list;
mod mounting;
mod openapi;
mod races;
mod retrieve;
mod scopes;
mod support;
mod takeover;
mod telephony;
mod threats;
mod update;
