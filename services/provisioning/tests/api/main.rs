//! The service as its clients meet it: over a real socket, on both databases, with the real auth server beside it.
//!
//! One file for each part of `contracts/ocs-provisioning.md`; `threats.rs` has the rows of the threat list. Doc comments name
//! the section that a test proves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot read has failed it")]

mod app_config;
mod apps;
mod authentication;
mod capabilities;
mod collections;
mod creation;
mod editing;
mod envelope;
mod group_members;
mod groups;
mod hostile;
mod lists;
mod memberships;
mod parameters;
mod phone_search;
mod preferences;
mod states;
mod sub_admins;
mod support;
mod threats;
mod user_details;
