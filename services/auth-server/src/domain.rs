//! Plain types and rules: no HTTP, no database.

pub mod access;
pub mod applications;
pub mod audience;
pub mod email;
pub mod exchange_policy;
pub mod fields;
pub mod issuer;
pub mod python_text;
pub mod scope_policy;
pub mod throttle;
