//! The platform as operators and integrators meet it: the shipped binaries, started as processes of their own, in both
//! topologies.
//!
//! [`stack`] starts them, knows their addresses and the secrets that were declared to them, and looks through everything
//! they have written when a test is over. Each other module is one promise of the platform.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test cannot do has failed it"
)]

mod agents;
mod applications;
mod backup;
mod bases;
mod cli;
mod disabling;
mod durability;
mod growth;
mod hostile;
mod incidents;
mod integrator;
mod keys;
mod leavers;
mod locking;
mod provisioning;
mod refresh_durability;
mod replicas;
mod restart;
mod revoking;
mod roles;
mod seeing;
mod sessions;
mod settings;
mod shutdown;
mod stack;
mod upgrade;
