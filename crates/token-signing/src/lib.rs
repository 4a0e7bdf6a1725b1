//! token-signing.
