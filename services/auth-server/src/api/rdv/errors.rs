//! How failures of the directory and the throttle are told in this dialect.

use actix_web::HttpRequest;
use identity::IdentityError;
use rdv_dialect::RdvError;
use rdv_dialect::failure::AuthFailure;
use rdv_dialect::texts::Language;

use crate::app::App;

/// The language a client is answered in.
pub(super) fn language(app: &App, request: &HttpRequest) -> Language {
    Language::of(request, app.settings.rdv.english)
}

/// The directory could not be asked, or failed. `RdvError` logs the cause, where it is told one.
pub(super) fn failed(error: IdentityError) -> RdvError {
    match error {
        IdentityError::Store(error) => RdvError::Store(error),
        error if error.is_unavailable() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory is unavailable");
            RdvError::Unavailable
        }
        error => RdvError::internal(error),
    }
}

/// Too many failed sign-ins, in the format of §13. It does not tell which of the limits it is: the narrowest is named.
pub(super) fn throttled(app: &App, retry_after: u64) -> RdvError {
    let limits = &app.settings.limits;
    let limits =
        [limits.password_failures, limits.password_account_failures, limits.password_address_failures];
    let limit = limits.into_iter().find(|limit| *limit > 0).unwrap_or_default();
    RdvError::Throttled { retry_after, limit: u32::try_from(limit).unwrap_or(u32::MAX) }
}

/// The outcome in metrics: a bounded label.
pub(super) const fn outcome(error: &RdvError) -> &'static str {
    match error {
        RdvError::Auth { failure, .. } => match failure {
            AuthFailure::BadCredentials => "bad_credentials",
            AuthFailure::NotConfirmed { .. } => "account_disabled",
            AuthFailure::Unauthorized | AuthFailure::TokenInvalid | AuthFailure::NotSignedIn => "no_session",
            AuthFailure::Password(_) | AuthFailure::PasswordsMissing => "invalid_password",
            AuthFailure::GetNotSupported => "invalid_request",
        },
        RdvError::Throttled { .. } => "throttled",
        RdvError::BadJson | RdvError::TooLarge => "invalid_request",
        RdvError::Unavailable | RdvError::Store(_) => "temporarily_unavailable",
        _ => "server_error",
    }
}
