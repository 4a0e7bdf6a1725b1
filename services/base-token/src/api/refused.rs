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

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::body::to_bytes;
    use auth_client::directory::DirectoryError;
    use rstest::rstest;
    use store::StoreError;

    use super::{AppError, BaseTokenRefusal, SeaTableError};
    use crate::tokens::TokenError;

    /// What nobody can tell at the moment is 503, what fails is 500, and neither says why.
    #[rstest]
    #[case::directory(
        AppError::Directory(DirectoryError::Unreachable("10.0.0.7 refused".to_owned())), 503, "Service Unavailable"
    )]
    #[case::database_away(
        AppError::Store(StoreError::Unavailable("10.0.0.7 refused".to_owned())), 503, "Service Unavailable"
    )]
    #[case::database(AppError::Store(StoreError::Panicked), 500, "Internal Server Error")]
    #[case::token(AppError::Token(TokenError::SameKey), 500, "Internal Server Error")]
    #[case::password(AppError::Password("out of memory".to_owned()), 500, "Internal Server Error")]
    #[case::denied(AppError::BaseToken(BaseTokenRefusal::Denied), 403, "Permission denied.")]
    #[case::expired(AppError::BaseToken(BaseTokenRefusal::Expired), 403, "Token expired.")]
    #[actix_web::test]
    async fn failures_have_a_status_and_no_details(
        #[case] error: AppError,
        #[case] status: u16,
        #[case] text: &str,
    ) {
        let answer = SeaTableError::from(error).error_response();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
        let body = to_bytes(answer.into_body()).await.unwrap();
        assert_eq!(body, format!(r#"{{"error_msg":"{text}"}}"#));
    }

    /// §13: a data plane and this service refuse a Base-Token in the same words.
    #[actix_web::test]
    async fn base_tokens_are_refused_as_a_data_plane_does() {
        for refusal in [BaseTokenRefusal::Denied, BaseTokenRefusal::Expired, BaseTokenRefusal::ReadOnly] {
            let answer = SeaTableError::from(AppError::BaseToken(refusal)).error_response();
            assert_eq!(answer.status().as_u16(), refusal.status());
            assert_eq!(to_bytes(answer.into_body()).await.unwrap(), refusal.body());
        }
    }
}
