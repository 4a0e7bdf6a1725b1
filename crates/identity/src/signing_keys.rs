//! Placeholder of the module `signing_keys`.
