//! Plain types and rules: no HTTP, no database.

pub mod access;
pub mod applications;
pub mod audience;
pub mod email_domains;
pub mod exchange_policy;
pub mod issuer;
pub mod scope_policy;
pub mod token_request;
