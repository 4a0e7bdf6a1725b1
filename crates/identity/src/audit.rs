//! Placeholder of the module `audit`.
