//! tessera.
fn main() {}
