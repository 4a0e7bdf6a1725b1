//! What the token endpoint says to an exchange.

use std::time::Duration;

use auth_claims::caller::exchange::Exchanged;
use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use reqwest::StatusCode;
use serde::Deserialize;

use crate::transport::Answer;

/// The members of the answer that matter (RFC 8693 §2.2.1).
#[derive(Deserialize)]
pub(super) struct Success {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: u64,
}

impl From<Success> for Exchanged {
    fn from(success: Success) -> Self {
        let expires_in = Duration::from_secs(success.expires_in);
        Self { access_token: success.access_token.into(), expires_in }
    }
}

/// RFC 6749 §5.2, and contracts/oauth2.md §4 for `reason`.
#[derive(Deserialize)]
struct Failure {
    error: String,
    #[serde(default)]
    reason: Option<String>,
}

/// Reads the answer. Only a refusal of the credential itself is told to the caller; a refusal of this service is a
/// fault of the deployment.
pub(super) fn judge(answer: &Answer) -> Result<Success, ExchangeError> {
    if answer.status == StatusCode::OK {
        let bearer = |success: &Success| success.token_type.eq_ignore_ascii_case("bearer");
        return serde_json::from_slice(&answer.body).ok().filter(bearer).ok_or_else(|| {
            tracing::error!("the authorization server answered an exchange with nonsense");
            ExchangeError::Unavailable
        });
    }
    match serde_json::from_slice::<Failure>(&answer.body) {
        Ok(failure) if answer.status == StatusCode::BAD_REQUEST && failure.error == "invalid_grant" => {
            Err(refusal(failure.reason.as_deref()).into())
        }
        Ok(_) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            Err(ExchangeError::Throttled { retry_after: answer.retry_after.unwrap_or(1).max(1) })
        }
        failure => {
            let error = failure.map_or_else(|_| "no error code".to_owned(), |failure| failure.error);
            tracing::error!(status = %answer.status, error, "the authorization server exchanges nothing for us");
            Err(ExchangeError::Unavailable)
        }
    }
}

fn refusal(reason: Option<&str>) -> ExchangeRefusal {
    match reason {
        Some("account_disabled") => ExchangeRefusal::AccountDisabled,
        Some("account_deleted") => ExchangeRefusal::AccountDeleted,
        Some("account_locked") => ExchangeRefusal::AccountLocked,
        Some("otp_required") => ExchangeRefusal::OtpRequired,
        Some("otp_invalid") => ExchangeRefusal::OtpInvalid,
        _ => ExchangeRefusal::Invalid,
    }
}
