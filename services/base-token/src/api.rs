//! The SeaTable endpoints of bases. `contracts/seatable-tokens.md` §6–§8, §10, §11.
//!
//! | module | subject |
//! | --- | --- |
//! | [`workspaces`], [`bases`], [`copies`] | workspaces, and the bases in them |
//! | [`shares`], [`group_shares`], [`groups`] | whom bases are shared with |
//! | [`api_tokens`], [`temp_api_token`], [`external_links`] | what opens a base for others |
//! | [`access_tokens`], [`related_users`], [`jwks`] | Base-Tokens: the exchanges for them, and what they are good for here |
//! | [`routes`] | which path and method leads where |
//! | [`account`], [`path`], [`arguments`] | reading requests |
//! | [`views`], [`refused`] | answers |
//!
//! A request passes in this order (§4.1): token, rate, body, arguments (400), workspace and base (404), permission (403),
//! conflict or part of the base (400, 404). A handler asks for an [`account::Account`] first, and gets to a base only
//! through a decision of [`crate::domain::access`].

pub mod access_tokens;
pub mod account;
pub mod api_tokens;
pub mod arguments;
pub mod bases;
pub mod copies;
pub mod external_links;
pub mod group_shares;
pub mod groups;
pub mod jwks;
pub mod openapi;
pub mod path;
pub mod refused;
pub mod related_users;
pub mod routes;
pub mod shares;
pub mod temp_api_token;
pub mod views;
pub mod workspaces;
