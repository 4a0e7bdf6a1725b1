//! The service as its clients meet it: over a real socket, on both databases, with a clock the test moves.
//!
//! One file for each part of `contracts/auvious-applications.md`; `matrix.rs`, `threats.rs` and `exhaustion.rs` hold
//! the rows of the threat list. Doc comments name the section or table row that a test proves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod authentication;
mod availability;
mod create;
mod device_sessions;
mod disabled;
mod errors;
mod exhaustion;
mod items;
mod lists;
mod matrix;
mod openapi;
mod registry;
mod support;
mod threats;
mod update;
