//! The crate as a service uses it: real keys, real signatures, real HTTP where HTTP is what matters.

#![cfg(test)]

mod base_token;
mod caller;
mod corpus;
mod device;
mod exchange;
mod issuer;
mod key_cache;
mod key_sets;
mod leavers;
mod mutations;
mod revocations;
mod verification;
