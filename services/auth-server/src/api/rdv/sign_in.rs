//! `POST /api/v1/auth/sign_in` (`contracts/rdv-sign-in.md` §3).

use actix_web::{HttpRequest, HttpResponse, web};
use identity::accounts::SignInRefusal;
use identity::throttle::Throttled;
use rdv_dialect::RdvError;
use rdv_dialect::failure::AuthFailure;
use rdv_dialect::parameters::Parameters;
use rdv_dialect::response;
use secrecy::SecretString;
use utoipa::ToSchema;

use super::DIALECT;
use super::agent::{SessionBody, tell};
use super::errors::{failed, language, outcome, throttled};
use crate::app::App;
use crate::issuing::Attempt;

/// The parameters of a sign-in.
#[derive(ToSchema)]
#[schema(as = RdvSignIn, example = json!({ "email": "amina.kerbrat@cd26.example", "password": "…" }))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct SignInRequest {
    /// The e-mail address, in any case; blanks around it do not count.
    email: String,
    /// The password.
    password: String,
}

/// A refusal of the endpoints below `/api/v1/auth`.
#[derive(ToSchema)]
#[schema(as = RdvFailure, example = json!({
    "success": false, "errors": ["Mot de passe ou identifiant invalide."]
}))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct FailureBody {
    /// Always false.
    success: bool,
    /// One sentence; for a new password that is not good enough an object of lists.
    errors: Vec<String>,
}

/// Opens a device session.
///
/// The answer tells it in six headers: `access-token`, `token-type`, `client`, `expiry`, `uid` and `authorization`. The
/// agent's sessions beyond the permitted number end. Also served with `.json`.
///
/// # Errors
/// 401 for everything that is wrong with the credentials; 429 after too many of them.
#[utoipa::path(
    post,
    path = "/api/v1/auth/sign_in",
    tag = "RDV",
    request_body(
        description = "`application/json`, `application/x-www-form-urlencoded` or `multipart/form-data`; parameters \
            may also stand in the query",
        content((SignInRequest = "application/json"),
            (SignInRequest = "application/x-www-form-urlencoded"),
            (SignInRequest = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The agent; the session is in the headers", body = SessionBody, headers(
            ("access-token" = String, description = "The token, 22 characters"),
            ("token-type" = String, description = "`Bearer`"),
            ("client" = String, description = "The name of the session, 22 characters"),
            ("expiry" = String, description = "When the session ends, in Unix seconds"),
            ("uid" = String, description = "The agent's e-mail address"),
            ("authorization" = String, description = "`Bearer`, and the five above as base64 of a JSON object"),
        )),
        (status = 400, description = "The JSON cannot be parsed; no body"),
        (status = 401, description = "Wrong credentials, or an agent that is not active", body = FailureBody),
        (status = 429, description = "Too many failures or sign-ins; `Retry-After`",
            example = json!({ "errors": ["Limite d'appels API atteinte. Merci de patienter.\n"] })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = FailureBody),
    ),
)]
#[tracing::instrument(name = "device_session.open", skip_all, fields(dialect = DIALECT, grant_type, outcome))]
pub(crate) async fn sign_in(
    request: HttpRequest,
    parameters: Result<Parameters, RdvError>,
    app: web::Data<App>,
) -> Result<HttpResponse, RdvError> {
    let mut attempt = Attempt::new(&request, DIALECT);
    attempt.grant("sign_in");
    let answered = match parameters {
        Ok(parameters) => answer(&app, &request, &parameters, &attempt).await,
        // No password is that long. §3.2: whatever is wrong with it is told in the same words.
        Err(RdvError::TooLarge) => Err(AuthFailure::BadCredentials.in_language(language(&app, &request))),
        Err(error) => Err(error),
    };
    attempt.count(answered.as_ref().map_or_else(outcome, |_| "success"));
    answered
}

/// §3.2, last note.
pub(crate) async fn not_supported(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, RdvError> {
    Err(AuthFailure::GetNotSupported.in_language(language(&app, &request)))
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    parameters: &Parameters,
    attempt: &Attempt,
) -> Result<HttpResponse, RdvError> {
    // §3.1: what is not a text counts as absent. It costs the same work as a wrong one (threat 17).
    let email = parameters.text("email").unwrap_or_default();
    let password = SecretString::from(parameters.text("password").unwrap_or_default());
    let sessions = &app.settings.rdv.sessions;
    let busy = |Throttled { retry_after }| throttled(app, retry_after);
    app.limits.of_sign_in(attempt.address()).map_err(busy)?;
    let opened = app.identity.sign_in_by_email(email, &password, sessions, &attempt.origin).await;
    let opened = opened.map_err(|refusal| match refusal {
        // This dialect has no way to ask for a second factor: whoever has one does not sign in here.
        SignInRefusal::BadCredentials | SignInRefusal::OtpRequired | SignInRefusal::OtpInvalid => {
            AuthFailure::BadCredentials.in_language(language(app, request))
        }
        // §16: told after the right password only.
        SignInRefusal::Disabled => AuthFailure::NotConfirmed { email: email.trim().to_lowercase() }
            .in_language(language(app, request)),
        SignInRefusal::Throttled { retry_after } => throttled(app, retry_after),
        SignInRefusal::Failed(error) => failed(error),
    })?;
    app.limits.of_account(opened.session.account.id).map_err(busy)?;
    let told = tell(app, opened.session, opened.token.expose()).await?;
    Ok(response::ok(Some(&told.headers), &SessionBody::opened(told.data)))
}
