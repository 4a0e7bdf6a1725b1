//! The service as its clients meet it: over a real socket, on both databases, with a clock the test moves, beside the real
//! directory and auth server.
//!
//! One file for each part of `contracts/seatable-tokens.md`; `matrix.rs`, `threats.rs` and `exhaustion.rs` hold the rows of
//! the threat list. Doc comments name the section or table row that a test proves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod api_tokens;
mod authentication;
mod base_tokens;
mod bases;
mod bodies;
mod bootstrap;
mod conventions;
mod copies;
mod disabled;
mod exhaustion;
mod external_links;
mod group_shares;
mod groups;
mod last_access;
mod leavers;
mod matrix;
mod openapi;
mod pruning;
mod related_users;
mod shares;
mod signing;
mod support;
mod threats;
mod token_threats;
mod tokens_support;
mod trash;
mod workspaces;
