//! The wire rules of the Meet external API that every service speaking it shares: no routes, no database, no tokens.
//!
//! | module | subject |
//! | --- | --- |
//! | [`conventions`] | the middleware around every route: [`cors`], [`negotiation`], [`headers`] |
//! | [`body`] | reading [`fields`] from JSON and forms, with each key in its place ([`json`]) |
//! | [`validation`], [`email`] | what a field may hold, and the sentences that say so, in the original's [`python_text`] |
//! | [`refusal`], [`field_errors`], [`pages`], [`paths`] | envelopes of errors, the page for unknown paths, both slash forms |
//!
//! The contract is `contracts/meet.md` §2 and the validation tables of §4.4. What only one service says, the words of its
//! authentication or a message of one endpoint, stays in its own error type. A rule that a second service needs alike is
//! moved here, to a module of its subject and with its tests.

pub mod body;
pub mod conventions;
pub mod cors;
pub mod email;
pub mod field_errors;
pub mod fields;
pub mod headers;
pub mod json;
pub mod negotiation;
pub mod pages;
pub mod paths;
pub mod python_text;
pub mod refusal;
pub mod validation;
