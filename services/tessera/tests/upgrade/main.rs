//! Upgrading without an outage: the schema of this version serves the replicas of the version before, for one step.
//!
//! `previous/` says what that version is: the last migration of each database, and every statement its replicas send, as
//! `make statements` wrote them down at its release. The tests bring a database from there to the present and look at both.
//! The rule for migrations is in proto-docs/operations.md, "Upgrading".
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do has failed it")]

mod catalog;
mod rules;
mod schemas;
mod statements;
mod trail;
