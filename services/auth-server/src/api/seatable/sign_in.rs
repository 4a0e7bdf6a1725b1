//! `POST /api2/auth-token/` (`contracts/seatable-tokens.md` §5).

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use identity::accounts::{AccountId, Name, SignInRefusal, SignedIn};
use identity::audit::{AuditEvent, Origin, Outcome};
use identity::otp::{PlainTrust, SecondFactor};
use seatable_dialect::error::{DetailBody, ErrorMsgBody, FieldErrors, FieldErrorsBody};
use seatable_dialect::parameters::Parameters;
use seatable_dialect::rates::Class;
use seatable_dialect::{SeaTableError, response};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::credentials::Credentials;
use super::errors::{failed, outcome};
use super::{DIALECT, count};
use crate::app::App;
use crate::issuing::Attempt;

const CODE: &str = "x-seafile-otp";
const TRUST_DEVICE: &str = "x-seafile-2fa-trust-device";
const TRUSTED_DEVICE: HeaderName = HeaderName::from_static("x-seafile-s2fa");

/// The parameters of a sign-in.
#[derive(ToSchema)]
#[schema(as = SeaTableSignIn, example = json!({ "username": "mira.holt@example.org", "password": "…" }))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct SignInRequest {
    /// The e-mail address, the login, or the internal id. Blanks around it do not count.
    username: String,
    /// The password. Blanks around it do not count.
    password: String,
}

/// What a sign-in gives.
#[derive(Serialize, ToSchema)]
#[schema(as = SeaTableAccountToken)]
pub(crate) struct TokenBody {
    /// The Account-Token: the same at every sign-in.
    #[schema(min_length = 40, max_length = 40, example = "b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4")]
    token: String,
}

/// Gives an account its token.
///
/// It stands for the account until an administrator revokes it, or the account ends. An account with a second factor needs
/// a code, or a trusted device, as well.
///
/// # Errors
/// 400 for everything that is wrong with the credentials, with `X-Seafile-OTP: required` where a code is missing or wrong;
/// 429 after too many of them.
#[utoipa::path(
    post,
    path = "/api2/auth-token/",
    operation_id = "account_token",
    tag = "SeaTable",
    params(
        ("X-SEAFILE-OTP" = Option<String>, Header, description = "Six digits of the second factor"),
        ("X-SEAFILE-2FA-TRUST-DEVICE" = Option<String>, Header, description = "`1`: trust this device from now on"),
        ("X-SEAFILE-S2FA" = Option<String>, Header, description = "The value of a trusted device"),
    ),
    request_body(
        description = "`application/x-www-form-urlencoded`, `multipart/form-data` or `application/json`",
        content((SignInRequest = "application/x-www-form-urlencoded"),
            (SignInRequest = "multipart/form-data"),
            (SignInRequest = "application/json"))
    ),
    responses(
        (status = 200, description = "The token", body = TokenBody, headers(
            ("X-SEAFILE-S2FA" = String, description = "The value of the device, if it was to be trusted or is"),
        )),
        (status = 400, description = "Missing or wrong credentials", body = FieldErrorsBody, headers(
            ("X-Seafile-OTP" = String, description = "`required`: the code is missing or wrong"),
        )),
        (status = 413, description = "The body is larger than 64 KiB", body = DetailBody),
        (status = 415, description = "Another content type", body = DetailBody),
        (status = 429, description = "Too many requests or failures; `Retry-After`", body = DetailBody,
            example = json!({ "detail": "Request was throttled. Expected available in 37 seconds." })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = ErrorMsgBody),
    ),
)]
#[tracing::instrument(name = "account_token.sign_in", skip_all, fields(dialect = DIALECT, grant_type, outcome))]
pub(crate) async fn sign_in(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let mut attempt = Attempt::new(&request, DIALECT);
    attempt.grant("account_token");
    let answered = answer(&app, &request, payload, &attempt.origin).await;
    attempt.count(match &answered {
        Ok(_) => "success",
        Err(Refusal::SignIn(refusal)) => refusal.as_str(),
        Err(Refusal::Request(error)) => outcome(error),
    });
    answered.map_err(SeaTableError::from)
}

/// Why there is no token.
enum Refusal {
    /// The credentials were looked at.
    SignIn(SignInRefusal),
    /// They were not, or nobody can tell.
    Request(SeaTableError),
}

impl From<SeaTableError> for Refusal {
    fn from(error: SeaTableError) -> Self {
        Self::Request(error)
    }
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Request(errors.into())
    }
}

impl From<Refusal> for SeaTableError {
    fn from(refusal: Refusal) -> Self {
        let whole = |text: &'static str| FieldErrors::whole(text);
        match refusal {
            Refusal::Request(error) => error,
            Refusal::SignIn(refusal) => match refusal {
                SignInRefusal::BadCredentials => whole("Unable to login with provided credentials.").into(),
                SignInRefusal::Disabled => whole("User account is disabled.").into(),
                SignInRefusal::OtpRequired => {
                    whole("Two factor auth token is missing.").asking_for_otp().into()
                }
                SignInRefusal::OtpInvalid => {
                    whole("Two factor auth token is invalid.").asking_for_otp().into()
                }
                SignInRefusal::Throttled { retry_after } => Self::Throttled { retry_after },
                SignInRefusal::Failed(error) => failed(error),
            },
        }
    }
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    origin: &Origin,
) -> Result<HttpResponse, Refusal> {
    count(app, Class::Anon, request)?;
    let credentials = Credentials::read(&Parameters::read(request, payload).await?)?;
    let signed_in = verify(app, request, &credentials, origin).await?;
    app.limits.of_account(signed_in.account.id).map_err(SeaTableError::from)?;
    let trust = if wants_trust(request) {
        app.identity.trust_device(&signed_in, origin).await.map_err(failed)?
    } else {
        None
    };
    let given = app.identity.account_token_of_sign_in(&signed_in, &credentials.password, origin).await;
    let token = given.map_err(Refusal::SignIn)?;
    let body = TokenBody { token: token.expose().to_owned() };
    let mut answer = response::no_store(response::ok(&body));
    if let Some(value) = device(request, trust.as_ref()) {
        answer.headers_mut().insert(TRUSTED_DEVICE, value);
    }
    Ok(answer)
}

/// Who it is. Whatever comes of it is in the audit trail.
async fn verify(
    app: &App,
    request: &HttpRequest,
    credentials: &Credentials,
    origin: &Origin,
) -> Result<SignedIn, Refusal> {
    let name = Name::login_email_or_internal_id(&credentials.username);
    let factor = second_factor(request);
    let outcome = app.identity.verify_credentials(name, &credentials.password, &factor, origin).await;
    match outcome {
        Ok(signed_in) => {
            record(app, origin, Ok(signed_in.account.id));
            Ok(signed_in)
        }
        Err(refusal) => {
            record(app, origin, Err(&refusal));
            Err(Refusal::SignIn(refusal))
        }
    }
}

fn record(app: &App, origin: &Origin, outcome: Result<AccountId, &SignInRefusal>) {
    let now = app.identity.clock().now();
    let event = |origin: &Origin| AuditEvent::new(now, "account_token.sign_in", origin);
    app.identity.audit().record(match outcome {
        Ok(id) => event(&Origin { actor: Some(id.to_string()), ..origin.clone() }).target(id.to_string()),
        Err(refusal) => event(origin).outcome(Outcome::Failure).detail(json!({ "error": refusal.as_str() })),
    });
}

fn second_factor(request: &HttpRequest) -> SecondFactor {
    let given = |name: &str| {
        let value = request.headers().get(name)?;
        let text = String::from_utf8_lossy(value.as_bytes());
        // An empty header asks for as much as none.
        Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from)
    };
    SecondFactor { code: given(CODE), trusted_device: given(TRUSTED_DEVICE.as_str()) }
}

fn wants_trust(request: &HttpRequest) -> bool {
    request.headers().get(TRUST_DEVICE).is_some_and(|value| value.as_bytes() == b"1")
}

/// The value of a device that is trusted from now on, else what the request said of its own.
fn device(request: &HttpRequest, trust: Option<&PlainTrust>) -> Option<HeaderValue> {
    match trust {
        Some(trust) => HeaderValue::from_str(trust.expose()).ok(),
        None => request.headers().get(TRUSTED_DEVICE).cloned(),
    }
}
