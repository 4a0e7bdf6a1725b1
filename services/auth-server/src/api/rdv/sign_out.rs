//! `DELETE /api/v1/auth/sign_out` (`contracts/rdv-sign-in.md` §6).

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::device::triple;
use rdv_dialect::RdvError;
use rdv_dialect::failure::AuthFailure;
use rdv_dialect::parameters::Parameters;
use rdv_dialect::response;
use serde::Serialize;
use utoipa::ToSchema;

use super::DIALECT;
use super::errors::{failed, language, unknown};
use super::sign_in::FailureBody;
use crate::app::App;
use crate::{device, issuing};

/// It is done.
#[derive(Serialize, ToSchema)]
#[schema(as = RdvDone)]
pub(crate) struct Done {
    /// Always true.
    #[schema(example = true)]
    success: bool,
}

/// Ends the session that the three values name, and no other of the agent's.
///
/// They may stand wherever the check of a session looks for them. Whatever was exchanged for the session ends with it. Also
/// served with `.json`.
///
/// # Errors
/// 404 for everything that is no live session.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sign_out",
    tag = "RDV",
    params(
        ("access-token" = Option<String>, Header, description = "The token"),
        ("client" = Option<String>, Header, description = "The name of the session"),
        ("uid" = Option<String>, Header, description = "The agent's e-mail address, in lower case"),
    ),
    responses(
        (status = 200, description = "The session is over; no token headers", body = Done),
        (status = 400, description = "The JSON cannot be parsed; no body"),
        (status = 404, description = "No live session", body = FailureBody,
            example = json!({ "success": false, "errors": ["L'utilisateur est inconnu ou n'est pas connecté."] })),
        (status = 413, description = "The body is larger than 64 KiB", body = FailureBody),
        (status = 429, description = "Too many sessions that there are not; `Retry-After`",
            example = json!({ "errors": ["Limite d'appels API atteinte. Merci de patienter.\n"] })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = FailureBody),
    ),
)]
#[tracing::instrument(name = "device_session.sign_out", skip_all)]
pub(crate) async fn sign_out(
    request: HttpRequest,
    _: Parameters,
    app: web::Data<App>,
) -> Result<HttpResponse, RdvError> {
    let refusal = || AuthFailure::NotSignedIn.in_language(language(&app, &request));
    let credential = device::credential(triple(&request).ok_or_else(refusal)?);
    let origin = issuing::origin(&request, DIALECT);
    if app.identity.sign_out_device(&credential, &origin).await.map_err(failed)? {
        Ok(response::ok(None, &Done { success: true }))
    } else {
        Err(unknown(&app, &request, refusal()))
    }
}
