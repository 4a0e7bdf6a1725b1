//! Applications of organisations: `/api/applications`. The contract is `contracts/auvious-applications.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`domain`] | applications, who sees and changes what of them, pages: plain types and rules |

pub mod app;
pub mod bootstrap;
mod change;
pub mod domain;
pub mod repair;
pub mod settings;
pub mod store;
