//! The service through HTTP, on both databases.

mod harness;

mod client_authentication;
mod client_credentials;
mod exchanging;
mod introspecting;
mod refreshing;
mod revoking;
