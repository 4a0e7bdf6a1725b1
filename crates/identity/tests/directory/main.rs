//! The directory on both databases: accounts, passwords, organisations, clients, bootstrap files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod accounts;
mod bootstrap;
mod bootstrap_faults;
mod clients;
mod fixture;
mod listing;
mod opening;
mod passwords;
mod provisioning;
mod rotation;
