//! `PUT` and `PATCH /api/v1/auth/password` (`contracts/rdv-sign-in.md` §7).

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::device::triple;
use identity::device_sessions::ChangeRefusal;
use identity::passwords::rules::{self, LONGEST, RuleBroken, SHORTEST};
use rdv_dialect::RdvError;
use rdv_dialect::failure::{AuthFailure, PasswordProblems};
use rdv_dialect::parameters::Parameters;
use rdv_dialect::response;
use rdv_dialect::texts::Language;
use secrecy::SecretString;
use utoipa::ToSchema;

use super::DIALECT;
use super::agent::{SessionBody, tell};
use super::errors::{failed, language, unknown};
use super::sign_in::FailureBody;
use crate::app::App;
use crate::{device, issuing};

/// A new password.
#[derive(ToSchema)]
#[schema(as = RdvPassword, example = json!({ "password": "…", "password_confirmation": "…" }))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct PasswordRequest {
    /// 12 to 128 characters, among them a digit, an upper-case letter and one that is neither letter, digit nor `_`.
    password: String,
    /// The same once more.
    password_confirmation: String,
}

/// Gives the agent of a session another password.
///
/// The session goes on and is told again; the agent's other sessions, and whatever else was issued to the agent, end. Also
/// by PATCH, and with `.json`.
///
/// # Errors
/// 401 without a live session, 422 for passwords that are missing, differ, or are not good enough.
#[utoipa::path(
    put,
    path = "/api/v1/auth/password",
    operation_id = "change_password",
    tag = "RDV",
    params(
        ("access-token" = Option<String>, Header, description = "The token"),
        ("client" = Option<String>, Header, description = "The name of the session"),
        ("uid" = Option<String>, Header, description = "The agent's e-mail address, in lower case"),
    ),
    request_body(
        description = "`application/json`, `application/x-www-form-urlencoded` or `multipart/form-data`",
        content((PasswordRequest = "application/json"),
            (PasswordRequest = "application/x-www-form-urlencoded"),
            (PasswordRequest = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "It is changed; the session is in the headers", body = SessionBody),
        (status = 400, description = "The JSON cannot be parsed; no body"),
        (status = 401, description = "No live session", body = FailureBody,
            example = json!({ "success": false, "errors": ["Unauthorized"] })),
        (status = 413, description = "The body is larger than 64 KiB", body = FailureBody),
        (status = 422, description = "A password is missing, or not good enough", body = FailureBody,
            example = json!({ "success": false, "errors": {
                "password": ["est trop court (au moins 12 caractères)"],
                "full_messages": ["Mot de passe est trop court (au moins 12 caractères)"]
            } })),
        (status = 429, description = "Too many sessions that there are not; `Retry-After`",
            example = json!({ "errors": ["Limite d'appels API atteinte. Merci de patienter.\n"] })),
        (status = 503, description = "A dependency is down; `Retry-After`", body = FailureBody),
    ),
)]
#[tracing::instrument(name = "device_session.change_password", skip_all)]
pub(crate) async fn change(
    request: HttpRequest,
    parameters: Parameters,
    app: web::Data<App>,
) -> Result<HttpResponse, RdvError> {
    let language = language(&app, &request);
    let unauthorized = || AuthFailure::Unauthorized.in_language(language);
    let presented = triple(&request).ok_or_else(unauthorized)?;
    let (token, credential) = (presented.access_token.clone(), device::credential(presented));
    // Who has no session learns nothing of the passwords.
    let found = app.identity.find_device_session(&credential).await.map_err(failed)?;
    found.ok_or_else(|| unknown(&app, &request, unauthorized()))?;
    let new = new_password(&parameters, language).map_err(|failure| failure.in_language(language))?;
    let origin = issuing::origin(&request, DIALECT);
    let changed = app.identity.change_password_on_device(&credential, &new, &origin).await;
    let session = changed.map_err(|refusal| refused(refusal, language))?.ok_or_else(unauthorized)?;
    let told = tell(&app, session, &token).await?;
    Ok(response::ok(Some(&told.headers), &SessionBody::changed(told.data, done(language))))
}

/// The password, given twice and good enough.
fn new_password(parameters: &Parameters, language: Language) -> Result<SecretString, AuthFailure> {
    let (Some(password), Some(confirmation)) =
        (parameters.text("password"), parameters.text("password_confirmation"))
    else {
        return Err(AuthFailure::PasswordsMissing);
    };
    let mut problems = PasswordProblems::default();
    broken(&mut problems, rules::check(password).err().unwrap_or_default(), language);
    if confirmation != password {
        problems.confirmation(
            match language {
                Language::French => "ne concorde pas avec Mot de passe",
                Language::English => "doesn't match Password",
            },
            language,
        );
    }
    if problems.is_empty() { Ok(password.into()) } else { Err(AuthFailure::Password(problems)) }
}

fn broken(problems: &mut PasswordProblems, rules: Vec<RuleBroken>, language: Language) {
    for rule in rules {
        problems.password(sentence(rule, language), language);
    }
}

fn refused(refusal: ChangeRefusal, language: Language) -> RdvError {
    match refusal {
        ChangeRefusal::Rules(rules) => {
            let mut problems = PasswordProblems::default();
            broken(&mut problems, rules, language);
            AuthFailure::Password(problems).in_language(language)
        }
        ChangeRefusal::Failed(error) => failed(error),
    }
}

/// Goes on after the name of the attribute.
fn sentence(rule: RuleBroken, language: Language) -> String {
    match (rule, language) {
        (RuleBroken::TooShort, Language::French) => {
            format!("est trop court (au moins {SHORTEST} caractères)")
        }
        (RuleBroken::TooShort, Language::English) => {
            format!("is too short (minimum is {SHORTEST} characters)")
        }
        (RuleBroken::TooLong, Language::French) => {
            format!("est trop long (pas plus de {LONGEST} caractères)")
        }
        (RuleBroken::TooLong, Language::English) => format!("is too long (maximum is {LONGEST} characters)"),
        (RuleBroken::NoDigit, Language::French) => "doit contenir au moins un chiffre".to_owned(),
        (RuleBroken::NoDigit, Language::English) => "must contain a digit".to_owned(),
        (RuleBroken::NoUpperCase, Language::French) => "doit contenir au moins une majuscule".to_owned(),
        (RuleBroken::NoUpperCase, Language::English) => "must contain an upper-case letter".to_owned(),
        (RuleBroken::NoSpecial, Language::French) => "doit contenir au moins un caractère spécial".to_owned(),
        (RuleBroken::NoSpecial, Language::English) => "must contain a special character".to_owned(),
        (RuleBroken::Common, Language::French) => "est un mot de passe trop courant".to_owned(),
        (RuleBroken::Common, Language::English) => "is too common".to_owned(),
    }
}

const fn done(language: Language) -> &'static str {
    match language {
        Language::French => "Votre mot de passe a été correctement mis à jour.",
        Language::English => "Your password has been successfully updated.",
    }
}
