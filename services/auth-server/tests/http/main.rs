//! The service through HTTP, on both databases.

mod harness;

mod client_authentication;
mod client_credentials;
mod refreshing;
