//! Who may do what to whom, what a user id and a password are, how an account is shown: plain types and rules.

pub mod access;
pub mod editing;
pub mod password;
pub mod user_details;
pub mod user_id;
