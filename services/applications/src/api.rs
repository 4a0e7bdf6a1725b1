//! The applications API: `/api/applications`. `contracts/auvious-applications.md` §1, §3.4, §7, §8.
//!
//! | module | subject |
//! | --- | --- |
//! | [`applications`] | get, change, delete, create, availability |
//! | [`lists`] | all applications, and those of an organisation |
//! | [`views`] | applications and pages as clients see them |
//! | [`routes`] | which path and method leads where |
//! | [`authentication`] | who calls |
//! | [`body`], [`negotiation`], [`path`] | reading requests |
//! | [`error`], [`boot`] | every refusal and how it looks |
//!
//! A request passes in this order: token, path, method, `Content-Type`, `Accept`, size of the body, body, object,
//! rights, content. The token comes before everything else, also where there is nothing: every handler takes an
//! [`authentication::Authenticated`] first, and gets from it who calls. A new operation is such a handler, a line in
//! [`routes`], and its rule in [`crate::domain::access`].

pub mod applications;
pub mod authentication;
pub mod body;
pub mod boot;
pub mod error;
pub mod lists;
pub mod methods;
pub mod negotiation;
pub mod openapi;
pub mod path;
pub mod routes;
pub mod views;
