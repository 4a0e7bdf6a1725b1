//! How a request proves who calls. `contracts/rdv-sign-in.md` §4.

use auth_claims::caller::Dialect;

use crate::error::RdvError;

/// The agent API.
#[derive(Debug)]
pub struct Rdv;

impl Dialect for Rdv {
    type Error = RdvError;
}
