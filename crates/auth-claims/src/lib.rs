//! Verified claims at the edge of a service: tokens, keys, revocations, and the extractor handlers ask for.
//!
//! A service that depends on this crate alone can check every access token of the platform. It needs to say where the
//! keys ([`keys::KeySource`]) and the revocations ([`revocations::RevocationSource`]) come from; crate `auth-client`
//! fetches both over HTTP. There is no database here, no password, no private key and no wording of any dialect: a
//! dialect implements [`caller::Dialect`] and renders [`caller::Rejection`] its own way.
//!
//! To add a claim, give [`claims::AccessClaims`] a member that stays out of the JSON when it says nothing. To add a
//! kind of credential, see [`caller`].

pub mod account_token;
pub mod base_token;
pub mod basic;
pub mod caller;
pub mod claims;
pub mod clock;
pub mod device;
pub mod hs256;
mod jws;
pub mod keys;
pub mod leavers;
pub mod resource_server;
pub mod revocations;
pub mod roles;
pub mod scopes;
mod source;
pub mod verify;

pub use source::SourceError;
