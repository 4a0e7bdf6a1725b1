//! Account-Tokens: 40 hexadecimal digits that stand for a whole account. `contracts/seatable-tokens.md` §3.

/// The `subject_token_type` of an Account-Token (contracts/oauth2.md §4).
pub const ACCOUNT_TOKEN: &str = "urn:tessera:token-type:account-token";
