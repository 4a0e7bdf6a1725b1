//! An app password without a name, as programs send it that take it for a Bearer token
//! (contracts/ocs-provisioning.md §3.1).

use secrecy::SecretString;

use super::{Subject, basic};
use crate::api::oauth::error::OAuthError;
use crate::app::App;

/// The account whose app password it is. Nothing is counted: there is no name that could be guessed against, and nothing
/// to be guessed but 125 random bits.
pub(super) async fn resolve(app: &App, token: &str) -> Result<Subject, OAuthError> {
    let secret = SecretString::from(token);
    Ok(basic::subject(app.identity.verify_app_password(&secret).await?))
}
