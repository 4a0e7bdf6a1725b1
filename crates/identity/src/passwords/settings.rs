//! How expensive a password hash is, and how many may be computed at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cost of new password hashes and bounds of the pool that computes them (`identity.password`).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Memory of one Argon2id hash in KiB. Default 19456 (19 MiB), at least 8 per lane, at most 262144.
    pub memory_kib: u32,
    /// Argon2id passes. Default 2, at most 16.
    pub iterations: u32,
    /// Argon2id lanes. Default 1, at most 16.
    pub parallelism: u32,
    /// Hashes computed at the same time. Default: half the processors, at least one, so that a login storm leaves
    /// the other half to everything else.
    pub threads: Option<usize>,
    /// Hashes that may wait for a thread; beyond that callers are told to come back. Default 256.
    pub queue: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, threads: None, queue: 256 }
    }
}

impl PasswordSettings {
    /// The number of threads in effect.
    #[must_use]
    pub fn effective_threads(&self) -> usize {
        let half = || std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2);
        self.threads.unwrap_or_else(half).max(1)
    }
}
