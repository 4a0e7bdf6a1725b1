//! The wire rules of the OCS provisioning API: no routes, no database, no tokens.
//!
//! | module | subject |
//! | --- | --- |
//! | [`version`], [`mod@format`] | the two entry points and what they make of a code; JSON or XML |
//! | [`value`], [`render`] | what an answer carries, and how it is written: JSON, XML |
//! | [`answer`], [`error`] | the envelope around it, and every refusal with its code, its status and its words |
//! | [`parameters`], [`path`] | the parameters of a request and their precedence; segments that are decoded twice |
//! | [`credential`], [`csrf`] | how a request proves who calls; which requests a browser could not have made by itself |
//!
//! The contract is `contracts/ocs-provisioning.md`. Nothing here knows what an account or a group is: operations and the
//! order of their checks are the service's. A rule that a second service needs alike belongs here, to a module of its
//! subject and with its tests.

pub mod answer;
pub mod credential;
pub mod csrf;
pub mod error;
pub mod format;
pub mod parameters;
pub mod path;
pub mod render;
pub mod value;
pub mod version;

pub use error::OcsError;
pub use value::Value;
pub use version::Version;
