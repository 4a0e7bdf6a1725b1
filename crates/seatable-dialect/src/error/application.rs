//! `{"error_msg": "…"}`: arguments, look-ups, permissions, conflicts. `contracts/seatable-tokens.md` §6–§11, §13.

use std::fmt::Display;

use actix_web::http::StatusCode;

use super::SeaTableError;

/// Each of them with its status and its sentence.
impl SeaTableError {
    /// 400: the argument of this name is missing or wrong.
    #[must_use]
    pub fn invalid(argument: &'static str) -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, format!("{argument} invalid."))
    }

    /// 403.
    #[must_use]
    pub fn permission_denied() -> Self {
        Self::error_msg(StatusCode::FORBIDDEN, "Permission denied.")
    }

    /// 404; `id` as it was sent.
    #[must_use]
    pub fn workspace_not_found(id: impl Display) -> Self {
        Self::error_msg(StatusCode::NOT_FOUND, format!("Workspace {id} not found."))
    }

    /// 404; `name` as it was decoded, or as the trash has it.
    #[must_use]
    pub fn dtable_not_found(name: &str) -> Self {
        Self::error_msg(StatusCode::NOT_FOUND, format!("dtable {name} not found."))
    }

    /// 404.
    #[must_use]
    pub fn group_not_found(id: i64) -> Self {
        Self::error_msg(StatusCode::NOT_FOUND, format!("Group {id} not found."))
    }

    /// 404.
    #[must_use]
    pub fn api_token_not_found() -> Self {
        Self::error_msg(StatusCode::NOT_FOUND, "api token not found.")
    }

    /// 400: the name is taken in this base.
    #[must_use]
    pub fn api_token_exists() -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, "api token already exist.")
    }

    /// 400: nothing would change.
    #[must_use]
    pub fn api_token_has(permission: &str) -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, format!("api token already has {permission} permission."))
    }

    /// 404.
    #[must_use]
    pub fn external_link_not_found() -> Self {
        Self::error_msg(StatusCode::NOT_FOUND, "External link not found.")
    }

    /// 400: the token is taken, by whatever link.
    #[must_use]
    pub fn external_link_exists() -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, "token already exist.")
    }

    /// 400: the base has as many links as it may have.
    #[must_use]
    pub fn external_links_exceeded() -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, "External links quota exceeded.")
    }

    /// 400: the name is taken in this workspace.
    #[must_use]
    pub fn table_exists(name: &str) -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, format!("Table {name} already exists."))
    }

    /// 400.
    #[must_use]
    pub fn group_has_bases() -> Self {
        Self::error_msg(StatusCode::BAD_REQUEST, "Cannot delete group with bases")
    }

    /// 403: a Base-Token whose time is over (§13).
    #[must_use]
    pub fn base_token_expired() -> Self {
        Self::error_msg(StatusCode::FORBIDDEN, "Token expired.")
    }

    /// 403: a Base-Token that may only read (§13).
    #[must_use]
    pub fn base_token_reads_only() -> Self {
        let text = "You don't have permission to perform this operation on this base.";
        Self::error_msg(StatusCode::FORBIDDEN, text)
    }
}
