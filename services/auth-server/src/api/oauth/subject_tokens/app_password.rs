//! An app password without a name, as programs send it that take it for a Bearer token
//! (contracts/ocs-provisioning.md §3.1).

use identity::accounts::SignInRefusal;
use identity::audit::Origin;
use secrecy::SecretString;

use super::{Subject, basic};
use crate::api::oauth::error::OAuthError;
use crate::app::App;
use crate::issuing;

/// The account whose app password it is. There is no name that could be guessed against, and nothing to be guessed but 125
/// random bits: what there is not is counted for the address alone.
pub(super) async fn resolve(app: &App, token: &str, origin: &Origin) -> Result<Subject, OAuthError> {
    let secret = SecretString::from(token);
    let verified = app.identity.verify_app_password(&secret).await;
    if let Err(SignInRefusal::BadCredentials) = verified {
        app.limits.of_unknown(issuing::address(origin))?;
    }
    Ok(basic::subject(verified?))
}
