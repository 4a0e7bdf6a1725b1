//! The service through HTTP, on both databases.
//!
//! One file a part of `contracts/oauth2.md`, `applications/` for `contracts/auvious-applications.md` §3.6, `meet/` for
//! `contracts/meet.md`, `rdv/` for `contracts/rdv-sign-in.md`, and `seatable/` for `contracts/seatable-tokens.md`. A
//! threat of the list is proved where its feature is tested; those that belong to no single endpoint are in `threats.rs`,
//! `throttling.rs` and `hostile.rs`.
#![expect(clippy::expect_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod harness;

mod app_passwords;
mod applications;
mod auditing;
mod client_authentication;
mod client_credentials;
mod derived;
mod directory;
mod exchanging;
mod following;
mod hostile;
mod introspecting;
mod meet;
mod outages;
mod overload;
mod presented_from;
mod publishing;
mod rdv;
mod refreshing;
mod revoking;
mod seatable;
mod second_factor;
mod threats;
mod throttling;
mod tracing_acts;
mod tracing_many;
