//! The generator of load.

/// What one connection sends, and what it expects.
pub(crate) trait Script: Send {
    /// Writes the next request, whole, into the empty `out`. What it needs of the answer before it kept from there.
    fn next(&mut self, out: &mut Vec<u8>);

    /// Sees every answer. `Err` with what is wrong when it is not what was asked for: the scenario then has no figure.
    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String>;
}
