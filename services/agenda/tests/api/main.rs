//! The service as its clients meet it: over a real socket, on both databases, with a clock the test moves.
//!
//! One file for each part of `contracts/rdv-sign-in.md`; `threats.rs` tells where the rows of the threat list are. Doc
//! comments name the section or table row that a test proves. The auth server's part, sessions and their exchange, is
//! played by `support::sessions`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod absence_changes;
mod absence_validation;
mod absences;
mod alerts;
mod attribution;
mod authentication;
mod bearer;
mod conventions;
mod cors;
mod disabled;
mod exhaustion;
mod mounting;
mod openapi;
mod organisation_changes;
mod organisations;
mod pages;
mod parameters;
mod races;
mod signature;
mod support;
mod threats;
mod worked_example;
