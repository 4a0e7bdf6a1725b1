//! What operators do after an incident: revoke what many have at once, replace a master key that has leaked.

mod rekeying;
mod revoking;
