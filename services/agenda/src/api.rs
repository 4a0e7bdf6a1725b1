//! The agent API: `/api/v1/agents`, `/api/v1/organisations`, `/api/v1/absences`. `contracts/rdv-sign-in.md` §2, §4, §9–§13.
//!
//! | module | subject |
//! | --- | --- |
//! | [`agents`], [`organisations`], [`absences`] | the resources |
//! | [`routes`] | which path and method leads where, under the conventions of crate `rdv-dialect` |
//! | [`viewer`] | who calls, which is recorded before anything is permitted or refused |
//! | [`refused`] | what the directory refuses, in the words of the dialect |
//! | [`openapi`] | the description |
//!
//! A request passes in this order: credential, record of the call, scope, parameters, object, permission, validity.
//! (A new absence is the exception: its validity comes before the permission, §12.5.)

pub mod absences;
pub mod agents;
pub mod openapi;
pub mod organisations;
pub mod refused;
pub mod routes;
pub mod viewer;
