//! Placeholder of the module `refresh`.
