//! What every binary of the platform shares, so that a service's `main` is ten lines: settings, telemetry, metrics,
//! health, the server with its two listeners and its shutdown, and the HTTP policies that no service may forget.
//!
//! | module | subject |
//! | --- | --- |
//! | [`settings`] | layered settings, secrets from files, errors that name the key |
//! | [`flags`] | the command-line flags that every binary has |
//!
//! It knows no dialect, no database and no token: services bring those, and hand their checks and their shutdown work to
//! the server. The next thing that two binaries need alike is a new module here, one file with one subject.

pub mod flags;
pub mod settings;
