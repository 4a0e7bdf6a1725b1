//! What every binary of the platform shares, so that a service's `main` is ten lines: settings, telemetry, metrics,
//! health, the server with its two listeners and its shutdown, and the HTTP policies that no service may forget.
//!
//! | module | subject |
//! | --- | --- |
//! | [`settings`], [`flags`] | layered settings, secrets from files, errors that name the key; the flags of every binary |
//! | [`server`], [`shutdown`] | two listeners, health, background tasks, and the end in order |
//! | [`telemetry`], [`metrics`] | logs, traces by OTLP, Prometheus |
//! | [`client_address()`], [`origin`], [`trusted_proxies`] | who asks, and under which name we are reached; proxies only when trusted |
//! | [`time_left`] | what `server.request_timeout` leaves to a handler that waits |
//! | [`docs`] | the API explorer |
//! | [`healthcheck`] | the subcommand that asks a running process whether it is ready |
//! | [`failure`] | how a process that cannot go on says why |
//! | [`request_id`], [`security_headers`] | what every request and every response gets |
//!
//! It knows no dialect, no database and no token: services bring those, and hand their checks and their shutdown work to
//! the server. The next thing that two binaries need alike is a new module here, one file with one subject.

mod client_address;
mod deadline;
pub mod docs;
mod edge;
pub mod failure;
pub mod flags;
mod health;
pub mod healthcheck;
pub mod metrics;
mod not_found;
pub mod openapi;
pub mod origin;
mod panics;
pub mod request_id;
pub mod security_headers;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod trusted_proxies;

pub use client_address::client_address;
pub use deadline::time_left;
pub use not_found::not_found;
pub use server::Server;
