//! The directory on both databases: accounts, passwords, organisations, clients, bootstrap files.

mod accounts;
mod clients;
mod fixture;
mod listing;
mod opening;
mod passwords;
mod provisioning;
mod rotation;
