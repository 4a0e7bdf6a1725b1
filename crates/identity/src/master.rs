//! Placeholder of the module `master`.
