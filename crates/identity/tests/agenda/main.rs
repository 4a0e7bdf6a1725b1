//! What the agenda asks of the directory, on both databases: who sees whom, absences, the audit trail's listing.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod absences;
mod agents;
mod audit;
mod fixture;
mod hostile;
mod model;
mod plans;
mod random;
