//! Placeholder of the module `revocations`.
