//! The wire rules of the RDV-Solidarités agent API that every service speaking it shares: no routes, no database, no
//! tokens.
//!
//! | module | subject |
//! | --- | --- |
//! | [`conventions`] | the middleware around every route: [`cors`], the headers of [`response`] |
//! | [`parameters`] | the parameters of a request, from its body and its query |
//! | [`page`], [`paths`] | pages of a list and their `meta`; the spellings of a path |
//! | [`token_headers`] | the six headers by which a session is told and echoed |
//! | [`error`], [`violations`], [`failure`], [`texts`] | every refusal, its status, its envelope and its words |
//! | [`dialect`] | how a request proves who calls |
//!
//! The contract is `contracts/rdv-sign-in.md`. What only one service says stays in its own modules. A rule that a second
//! service needs alike is moved here, to a module of its subject and with its tests.

pub mod conventions;
pub mod cors;
pub mod dialect;
pub mod error;
pub mod failure;
pub mod page;
pub mod parameters;
pub mod paths;
pub mod response;
pub mod texts;
pub mod token_headers;
pub mod violations;

pub use dialect::Rdv;
pub use error::RdvError;
