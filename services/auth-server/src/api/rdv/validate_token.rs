//! `GET /api/v1/auth/validate_token` (`contracts/rdv-sign-in.md` §5).

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::device::triple;
use rdv_dialect::RdvError;
use rdv_dialect::failure::AuthFailure;
use rdv_dialect::parameters::Parameters;
use rdv_dialect::response;

use super::agent::{SessionBody, tell};
use super::errors::{failed, language, unknown};
use super::sign_in::FailureBody;
use crate::app::App;
use crate::device;

/// Tells whose session three values are.
///
/// `access-token`, `client` and `uid`, each as a header, a parameter of query or body, or a member of the JSON object
/// whose base64 `Authorization` carries. The answer echoes the six headers of the sign-in. Also served with `.json`.
///
/// # Errors
/// 401 for everything that is no live session.
#[utoipa::path(
    get,
    path = "/api/v1/auth/validate_token",
    tag = "RDV",
    params(
        ("access-token" = Option<String>, Header, description = "The token"),
        ("client" = Option<String>, Header, description = "The name of the session"),
        ("uid" = Option<String>, Header, description = "The agent's e-mail address, in lower case"),
    ),
    responses(
        (status = 200, description = "The agent; the session is in the headers", body = SessionBody),
        (status = 400, description = "The JSON cannot be parsed; no body"),
        (status = 401, description = "No live session", body = FailureBody),
        (status = 413, description = "The body is larger than 64 KiB", body = FailureBody),
        (status = 429, description = "Too many sessions that there are not; `Retry-After`",
            example = json!({ "errors": ["Limite d'appels API atteinte. Merci de patienter.\n"] })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = FailureBody),
    ),
)]
#[tracing::instrument(name = "device_session.validate", skip_all)]
pub(crate) async fn validate_token(
    request: HttpRequest,
    _: Parameters,
    app: web::Data<App>,
) -> Result<HttpResponse, RdvError> {
    let refusal = || AuthFailure::TokenInvalid.in_language(language(&app, &request));
    let presented = triple(&request).ok_or_else(refusal)?;
    let token = presented.access_token.clone();
    let found = app.identity.find_device_session(&device::credential(presented)).await.map_err(failed)?;
    let session = found.ok_or_else(|| unknown(&app, &request, refusal()))?;
    let told = tell(&app, session, &token).await?;
    Ok(response::ok(Some(&told.headers), &SessionBody::valid(told.data)))
}
