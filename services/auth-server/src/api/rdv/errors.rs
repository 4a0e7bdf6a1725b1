//! How failures of the directory and the throttle are told in this dialect.

use actix_web::HttpRequest;
use identity::IdentityError;
use identity::throttle::Throttled;
use rdv_dialect::RdvError;
use rdv_dialect::failure::AuthFailure;
use rdv_dialect::texts::Language;
use service_kit::client_address;

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

/// Too many sign-ins, in the format of §13. It does not tell which of the limits it is: the narrowest is named.
pub(super) fn throttled(app: &App, retry_after: u64) -> RdvError {
    let limits = &app.settings.limits;
    let narrow = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    let limits = [
        narrow(limits.password_failures),
        limits.password_account_failures,
        narrow(limits.password_address_failures),
    ];
    RdvError::Throttled {
        retry_after,
        limit: limits.into_iter().find(|limit| *limit > 0).unwrap_or_default(),
    }
}

/// A device session that there is not, counted for its address. The answer that it is not there becomes 429 beyond the
/// limit.
pub(super) fn unknown(app: &App, request: &HttpRequest, refusal: RdvError) -> RdvError {
    match app.limits.of_unknown(client_address(request)) {
        Ok(()) => refusal,
        Err(Throttled { retry_after }) => {
            let limit = u32::try_from(app.settings.limits.unknown_credentials).unwrap_or(u32::MAX);
            RdvError::Throttled { retry_after, limit }
        }
    }
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
