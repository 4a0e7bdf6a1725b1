//! Plain types and rules of the agenda: no HTTP, no database.
//!
//! Who sees whom is a question to the directory, and lives in `identity`; here is what a request may say about an absence
//! or an organisation, how both are shown, and what is recorded of a call. `contracts/rdv-sign-in.md`, §10, §12, §13.

pub mod absence;
pub mod attribution;
mod credentials;
pub mod given;
pub mod ical;
pub mod organisation;
pub mod paris;
pub mod signature;
pub mod views;

#[cfg(test)]
mod examples;
