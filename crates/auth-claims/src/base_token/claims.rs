//! What a Base-Token says. `contracts/seatable-tokens.md` §3.1.

use serde::{Deserialize, Serialize};

/// `r` or `rw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BasePermission {
    /// Read only.
    #[serde(rename = "r")]
    Read,
    /// Read and write.
    #[serde(rename = "rw")]
    Write,
}

/// The claims of a Base-Token as it is issued, in their order. There is no member for `is_internal` and `is_db_admin`,
/// which give special powers in a data plane: a token that is handed to a caller never holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaseClaims {
    /// Dead from this second on.
    pub exp: i64,
    /// The base: hyphenated, lower case.
    pub dtable_uuid: String,
    /// The account it is issued for; empty for an API-Token and a link.
    pub username: String,
    /// What it permits.
    pub permission: BasePermission,
    /// The name of the API-Token that it is issued for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
}

/// The same as it is received. Other issuers add claims, and some leave out what is empty.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Received {
    pub(super) exp: Seconds,
    pub(super) dtable_uuid: String,
    #[serde(default)]
    pub(super) username: String,
    pub(super) permission: BasePermission,
    #[serde(default)]
    pub(super) app_name: String,
}

/// An instant as JSON has it, whole or not (RFC 7519 §2, `NumericDate`).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub(super) struct Seconds(pub(super) f64);
