//! Refusals in the words of the contract. `contracts/seatable-tokens.md` §4.1, §6–§8, §10, §11.

use actix_web::http::StatusCode;
use auth_claims::base_token::BaseTokenRefusal;
use seatable_dialect::SeaTableError;

use crate::app::AppError;
use crate::domain::refusal::Refusal;

impl From<Refusal> for SeaTableError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoWorkspace(id) => Self::workspace_not_found(id),
            Refusal::NoBase(name) => Self::dtable_not_found(&name),
            Refusal::Forbidden => Self::permission_denied(),
            Refusal::AppNameTaken => Self::api_token_exists(),
            Refusal::NoApiToken => Self::api_token_not_found(),
            Refusal::SamePermission(permission) => Self::api_token_has(permission.as_str()),
            Refusal::LinkTaken => Self::external_link_exists(),
            Refusal::TooManyLinks => Self::external_links_exceeded(),
            Refusal::NoLink => Self::external_link_not_found(),
            Refusal::BaseNameTaken(name) => Self::table_exists(&name),
            Refusal::AlreadyShared { base, with } => {
                let text = format!("table {base} already shared to the {}.", with.as_str());
                Self::error_msg(StatusCode::BAD_REQUEST, text)
            }
            Refusal::NotShared(with, name) => {
                let text = format!("There isn't share to {} {name}", with.as_str());
                Self::error_msg(StatusCode::NOT_FOUND, text)
            }
        }
    }
}

impl From<AppError> for SeaTableError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => refusal.into(),
            AppError::Directory(error) => {
                tracing::warn!(%error, "the directory was not asked: {error}");
                Self::Unavailable
            }
            AppError::BaseToken(BaseTokenRefusal::Denied) => Self::permission_denied(),
            AppError::BaseToken(BaseTokenRefusal::Expired) => Self::base_token_expired(),
            AppError::BaseToken(BaseTokenRefusal::ReadOnly) => Self::base_token_reads_only(),
            AppError::Store(error) => Self::Store(error),
            error @ (AppError::Token(_) | AppError::Password(_)) => Self::internal(error),
        }
    }
}
