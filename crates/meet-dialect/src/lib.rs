//! The wire rules of the Meet external API that every service speaking it shares. `contracts/meet.md` §2, §4.4.
pub mod json;
pub mod python_text;
