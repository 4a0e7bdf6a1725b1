//! Databases: one code path for SQLite and PostgreSQL.
//!
//! [`Db`] hands a pooled [`DbConn`] to a closure on a thread of the database: [`Db::read`] for queries, [`Db::write`] for a
//! transaction, which is repeated when it loses a conflict; [`Db::look_up`] for a few rows by index, without a change of
//! threads on SQLite. [`Migrations`] are embedded by each component and applied
//! by [`Db::migrate`]. [`pruning`] deletes what is over. Tables, rows and domain errors belong to the crates above; they
//! implement [`StoreCause`] for their error type and write repositories as functions on `&mut DbConn`.
//!
//! To add a table: the same version in the component's `migrations/sqlite` and `migrations/postgres`, its `table!`, and
//! functions that run on the enum, or through [`on_backend!`] where the enum does not compile a query.
//!
//! The drivers are linked in: SQLite, libpq and OpenSSL are built from source (see the workspace manifest).

mod alone;
mod backup;
mod connect;
mod connection;
mod crew;
mod data_dir;
mod db;
mod error;
mod lane;
mod lane_metrics;
mod lease;

mod migrations;
pub mod pruning;
mod settings;
mod shared_commits;
mod target;
mod transaction;

/// For `embed_migrations!`, whose expansion names this crate.
pub use diesel_migrations;

pub use self::{
    backup::check_copy,
    connection::{DbConn, MultiBackend},
    data_dir::{RESTORE_MARKER, claim_data_dir, create_data_dir},
    db::{Backend, Db},
    error::{StoreCause, StoreError},
    lease::Lease,
    migrations::Migrations,
    settings::DatabaseSettings,
    transaction::savepoint,
};

// Dependencies for their features alone: they decide how the drivers under diesel are built.
use {libsqlite3_sys as _, pq_sys as _};
