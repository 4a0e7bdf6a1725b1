//! auth-claims.
