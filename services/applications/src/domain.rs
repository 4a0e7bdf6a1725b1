//! Applications and the rules about them. Knows nothing of HTTP and of databases.
//!
//! | module | subject |
//! | --- | --- |
//! | [`application`] | an application, and the check that every write passes |
//! | [`config`] | its configuration: reserved sections, entries, JSON as it was sent |
//! | [`access`] | tables A and B of the contract: who may do and see what |
//! | [`command`], [`decisions`] | what a body asks for, and what becomes of it |
//! | [`expiry`] | when an application expires |
//! | [`id`] | ids of applications and organisations |
//! | [`json`] | JSON texts that may be kept as they are |
//! | [`sort`] | in which order a list is |
//! | [`paging`] | which page of a list is asked for |
//! | [`refusal`] | why something is not done |

pub mod access;
pub mod application;
pub mod command;
pub mod config;
pub mod decisions;
pub mod expiry;
pub mod id;
pub mod json;
pub mod paging;
pub mod refusal;
pub mod sort;
#[cfg(test)]
pub(crate) mod testing;
