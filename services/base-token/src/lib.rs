//! Bases, and the tokens that open them: API-Tokens, temporary API-Tokens and Base-Tokens. The contract is
//! `contracts/seatable-tokens.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`domain`] | bases, workspaces, who may do what: plain types and rules |
//! | [`store`] | queries, returning domain types |

pub mod domain;
pub mod store;
