//! The wire rules of the SeaTable API that every service speaking it shares: no routes, no database, no tokens.
//!
//! | module | subject |
//! | --- | --- |
//! | [`endpoint`] | a path with its methods, and what holds around each: [`slashes`], [`cors`], 405 |
//! | [`parameters`] | the parameters of a request, from its body and never from its query |
//! | [`header`], [`dialect`], [`caller`] | the `Authorization` header, what stands in it, and who that is |
//! | [`error`] | every refusal, in the one of the three families that clients look for |
//! | [`rates`] | how often anybody may ask |
//! | [`internal_id`] | accounts as this API names them |
//! | [`response`] | bodies, instants |
//!
//! The contract is `contracts/seatable-tokens.md`. What only one service says stays in its own modules. A rule that a
//! second service needs alike is moved here, to a module of its subject and with its tests.

pub mod caller;
pub mod cors;
pub mod dialect;
pub mod endpoint;
pub mod error;
pub mod header;
pub mod internal_id;
pub mod parameters;
pub mod rates;
pub mod response;
pub mod slashes;

pub use caller::AccountCaller;
pub use dialect::SeaTable;
pub use endpoint::Endpoint;
pub use error::SeaTableError;
