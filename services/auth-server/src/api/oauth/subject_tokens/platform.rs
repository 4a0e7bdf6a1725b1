//! Access tokens of this issuer.

use std::sync::Arc;

use auth_claims::claims::AccessClaims;
use auth_claims::revocations::RevocationReason;
use auth_claims::verify::VerifyError;

use crate::api::oauth::error::{OAuthError, Reason};
use crate::app::App;
use crate::presented::TokenRefusal;

/// The claims of a live token, whomever it is meant for: the audience of the result is narrowed to both parties'.
pub(super) async fn resolve(app: &App, token: &str) -> Result<Arc<AccessClaims>, OAuthError> {
    app.tokens.verify(token).await.map_err(|refusal| match refusal {
        TokenRefusal::Failed(error) => error.into(),
        TokenRefusal::Invalid(VerifyError::Unavailable) => OAuthError::Unavailable,
        TokenRefusal::Invalid(error) => {
            OAuthError::Grant { description: "the token is not valid", reason: reason(error) }
        }
    })
}

/// Whoever shows a genuine token may know that its account is disabled.
fn reason(error: VerifyError) -> Option<Reason> {
    (error == VerifyError::Revoked(RevocationReason::AccountDisabled)).then_some(Reason::AccountDisabled)
}
