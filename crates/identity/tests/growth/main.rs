//! No table grows for ever, and what keeps it from growing is quick whatever its size.
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod fixture;
mod plans;
mod pruning;
mod tables;
