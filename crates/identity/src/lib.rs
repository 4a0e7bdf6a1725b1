//! The directory: accounts, passwords, organisations, OAuth clients, refresh tokens, revocations, signing keys and audit.
//!
//! The one owner of the identity database. Functions here speak of people and clients and know nothing of HTTP, so
//! every service that links this crate sees one set of rules. Resources (rooms, applications, bases) live elsewhere.
//!
//! To add a noun: one module with its `diesel::table!`, its row type (private), its domain type and functions from
//! `&mut DbConn` to domain types; what needs a clock, a secret or its own transaction becomes a method of `Identity`.

pub mod audit;
pub mod master;
pub mod passwords;
pub mod refresh;
pub mod revocations;
pub mod signing_keys;
