//! The service through HTTP, on both databases.

mod harness;

mod client_authentication;
mod client_credentials;
mod exchanging;
mod following;
mod introspecting;
mod meet_token;
mod publishing;
mod refreshing;
mod revoking;
