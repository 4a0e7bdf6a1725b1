//! The directory on both databases: accounts, passwords, organisations, clients, bootstrap files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod accounts;
mod applications;
mod bootstrap;
mod bootstrap_agents;
mod bootstrap_faults;
mod bootstrap_groups;
mod clients;
mod divisions;
mod fixture;
mod groups;
mod listing;
mod opening;
mod organizations;
mod passwords;
mod provisioning;
mod rotation;
mod upgrade;
