//! auth-server.
