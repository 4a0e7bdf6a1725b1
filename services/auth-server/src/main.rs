//! auth-server.
fn main() {}
