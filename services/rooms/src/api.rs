//! The Meet external API: `/external-api/v1.0/rooms`. `contracts/meet.md` §1, §2, §5–§9, §12.1.
//!
//! | module | subject |
//! | --- | --- |
//! | [`rooms`] | list, create, retrieve, change, delete |
//! | [`attendees`] | who holds a role in a room |
//! | [`routes`] | which path and method leads where, under the conventions of crate `meet-dialect` |
//! | [`authentication`], [`authorization`] | who calls, and what their token permits |
//! | [`body`], [`query`], [`links`] | reading requests, writing links |
//! | [`error`] | every refusal and how it looks |
//!
//! A request passes in this order (§7): format and `Accept`, size of the query, token, scope, method, body, object, role. A new action is
//! a handler that takes [`authorization::Permitted`] with an action of its own, and a line in [`routes`].

pub mod attendees;
pub mod authentication;
pub mod authorization;
pub mod body;
pub mod error;
pub mod links;
pub mod methods;
pub mod openapi;
pub mod page;
pub mod query;
pub mod rooms;
pub mod routes;
