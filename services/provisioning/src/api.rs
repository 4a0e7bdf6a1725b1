//! The operations: one module per family. The order of checks is [`pipeline`]'s, and nobody else's.

pub mod apps;
pub mod apps_config;
pub mod caller;
pub mod capabilities;
pub mod group_members;
pub mod groups;
pub mod memberships;
pub mod openapi;
pub mod pages;
pub mod people;
pub mod pipeline;
pub mod preferences;
pub mod refused;
pub mod routes;
pub mod sub_admins;
pub mod targets;
pub mod user_fields;
pub mod users;
