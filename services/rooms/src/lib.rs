//! rooms.

pub mod domain;
