//! What the tests share: throw-away databases, real processes, answers as text.
//!
//! - [`TestDatabase`]: an empty database on either backend, gone at the end of the test. PostgreSQL is the server that
//!   `TESSERA_TEST_POSTGRES_URL` names; a test never skips because it is missing. [`TestDatabase::url_as`] opens it with
//!   the rights of one service alone.
//! - [`PostgresServer`]: a server of the test's own, for what has to be stopped or configured differently.
//! - [`Process`]: a binary of the workspace, started with nothing but the environment it is given.
//! - [`logs`]: what services in the test's own process log holds no secret of the test.
//! - [`checked_in`]: a file of the checkout.
//! - [`dump`]: an HTTP answer as text for a snapshot.
//!
//! Nothing here knows a crate of the workspace, so every one of them may use it. Whatever fails panics with a sentence:
//! the caller is a test.
#![expect(clippy::panic, clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod answer;
mod checkout;
mod database;
pub mod logs;
mod postgres_server;
mod process;
mod recorder;
mod roles;

pub use self::{
    answer::{dump, dump_with},
    checkout::checked_in,
    database::{Backend, TestDatabase},
    postgres_server::PostgresServer,
    process::{Launch, Process, binary, free_port},
};

// A dependency for its features alone: libpq under diesel is built from source, with TLS.
use pq_sys as _;
