//! How a request proves who calls. `contracts/rdv-sign-in.md` §4.

use actix_web::HttpRequest;
use auth_claims::caller::{Credential, Dialect, Rejection};
use auth_claims::device;

use crate::error::RdvError;

/// The agent API. Its documented credential are the three values of a device session; a Bearer token of the platform is
/// taken where none of them is there.
#[derive(Debug)]
pub struct Rdv;

impl Dialect for Rdv {
    type Error = RdvError;

    fn credential(request: &HttpRequest) -> Result<Credential, Rejection> {
        device::credential_first(request)
    }
}
