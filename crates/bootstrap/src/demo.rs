//! The demo's document, embedded so that its secrets are known as such.

/// `deploy/bootstrap.demo.yaml`, which `--demo` applies.
pub const DEMO_DOCUMENT: &str = include_str!("../../../deploy/bootstrap.demo.yaml");
