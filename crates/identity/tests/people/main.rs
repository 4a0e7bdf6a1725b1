//! What the provisioning API keeps of people and apps, on both databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod apps;
mod bootstrap;
mod creating;
mod details;
mod ending;
mod fixture;
mod mails;
mod random;
mod searching;
mod signing_in;
