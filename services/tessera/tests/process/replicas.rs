//! Two processes of each service on one PostgreSQL, as a cluster runs them: whoever is served by one is at home at the other,
//! and neither the end of a process nor that of the database costs more than it must.
//!
//! Each test is short; `make soak` lets those under load go on for as long as it is told.

mod calls;
mod killed;
mod load;
mod outage;
mod refreshing;
mod rolling;
mod rotating;
mod rounds;
mod sharing;
mod single_use;
