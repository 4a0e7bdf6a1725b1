//! What operators see of a deployment: traces that follow a request through its processes, metrics that are all
//! documented, and logs in which no secret stands, however much they tell.

mod collector;
mod metrics;
mod traces;
mod walk;
