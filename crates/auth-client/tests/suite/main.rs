//! The client against a real HTTP server that speaks contracts/oauth2.md with real keys.

#![cfg(test)]

mod applications;
mod authority;
mod credentials;
mod directory;
mod exchange;
mod going_away;
mod hostile;
mod revocations;
