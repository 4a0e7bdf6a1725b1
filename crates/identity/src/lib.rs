//! The directory: accounts, passwords, organisations, OAuth clients, refresh tokens, revocations, signing keys and audit.
//!
//! The one owner of the identity database. Functions here speak of people and clients and know nothing of HTTP, so
//! every service that links this crate sees one set of rules. Resources (rooms, applications, bases) live elsewhere.
//!
//! To add a noun: one module with its `diesel::table!`, its row type (private), its domain type and functions from
//! `&mut DbConn` to domain types; what needs a clock, a secret or its own transaction becomes a method of [`Identity`].

pub mod absences;
pub mod account_details;
pub mod account_tokens;
pub mod accounts;
pub mod act;
pub mod agents;
pub mod app_passwords;
pub mod applications;
pub mod apps;
pub mod audit;
pub mod bootstrap;
pub mod client_secrets;
pub mod clients;
pub mod device_sessions;
pub mod directory_search;
pub mod errors;
mod facts;
/// What is wrong with a record.
pub mod faults {
    pub use ::bootstrap::{Fault, Faults};
}
pub mod groups;
mod identity;
mod locks;
pub mod master;
mod opening;
pub mod organizations;
pub mod otp;
pub mod pages;
pub mod passwords;
pub mod pruning;
pub mod refresh;
pub mod rekeying;
mod removal;
pub mod revocations;
pub mod services;
pub mod sign_in_times;
pub mod signing_keys;
pub mod territories;
mod text;
pub mod throttle;

pub use errors::IdentityError;
pub use identity::{Identity, IdentitySettings};
pub use opening::{DATABASE_FILE, MASTER_KEY_FILE, OpenError};

use store::{
    Migrations,
    diesel_migrations::{self, embed_migrations},
};

/// The tables of the identity database. [`Identity::open`] applies what is missing.
pub static MIGRATIONS: Migrations = Migrations {
    name: "identity",
    sqlite: embed_migrations!("migrations/sqlite"),
    postgres: embed_migrations!("migrations/postgres"),
};
