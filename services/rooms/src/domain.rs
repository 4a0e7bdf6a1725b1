//! Plain types and rules of rooms: no HTTP, no database.
//!
//! A rule of the contract lives here once, beside its unit tests; `api` renders what these types refuse, `store` keeps
//! what they allow.

pub mod access;
pub mod attendance;
pub mod changes;
pub mod client;
pub mod configuration;
pub mod email;
pub mod pagination;
pub mod person;
pub mod pin;
pub mod random;
pub mod room;
pub mod scopes;
pub mod slug;
