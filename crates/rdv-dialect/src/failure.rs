//! Refusals of the endpoints below `/api/v1/auth`. `contracts/rdv-sign-in.md` §3.2, §5, §6, §7.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use serde::Serialize;

use crate::error::RdvError;
use crate::response;
use crate::texts::Language;

/// Why an endpoint below `/api/v1/auth` refuses. None of them carries token headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthFailure {
    /// Sign-in: 401 for an unknown address, a wrong password, and everything that must look alike.
    BadCredentials,
    /// Sign-in: 401, the address was never confirmed.
    NotConfirmed {
        /// The address as it is stored.
        email: String,
    },
    /// Sign-in with GET: 405.
    GetNotSupported,
    /// The check of a session that does not hold: 401.
    TokenInvalid,
    /// Sign-out of a session that does not hold: 404.
    NotSignedIn,
    /// A change of password without a session: 401.
    Unauthorized,
    /// A change of password with a password missing: 422.
    PasswordsMissing,
    /// A change of password to one that is not good enough: 422.
    Password(PasswordProblems),
}

/// `{"success":false,"errors":[…]}`
#[derive(Debug, Serialize)]
pub(crate) struct Failure<E> {
    success: bool,
    errors: E,
}

impl<E> Failure<E> {
    pub(crate) const fn new(errors: E) -> Self {
        Self { success: false, errors }
    }
}

/// What is wrong with a new password: texts by attribute, and whole sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PasswordProblems {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    password: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    password_confirmation: Vec<String>,
    full_messages: Vec<String>,
}

impl PasswordProblems {
    /// Something is wrong with the password itself; `text` goes on after the attribute's name.
    pub fn password(&mut self, text: impl Into<String>, language: Language) {
        let text = text.into();
        self.full_messages.push(format!("{} {text}", language.pick("Mot de passe", "Password")));
        self.password.push(text);
    }

    /// Something is wrong with its repetition.
    pub fn confirmation(&mut self, text: impl Into<String>, language: Language) {
        let text = text.into();
        let name = language.pick("Confirmation de mot de passe", "Password confirmation");
        self.full_messages.push(format!("{name} {text}"));
        self.password_confirmation.push(text);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.full_messages.is_empty()
    }
}

impl AuthFailure {
    /// The error of a handler.
    #[must_use]
    pub const fn in_language(self, language: Language) -> RdvError {
        RdvError::Auth { failure: self, language }
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadCredentials | Self::NotConfirmed { .. } | Self::TokenInvalid | Self::Unauthorized => {
                StatusCode::UNAUTHORIZED
            }
            Self::GetNotSupported => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotSignedIn => StatusCode::NOT_FOUND,
            Self::PasswordsMissing | Self::Password(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(crate) fn response(&self, language: Language) -> HttpResponse {
        match self {
            Self::Password(problems) => response::json(self.status(), &Failure::new(problems)),
            Self::GetNotSupported => {
                let mut refusal = response::json(self.status(), &Failure::new([self.sentence(language)]));
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST")); // RFC 9110 §15.5.6
                refusal
            }
            other => response::json(self.status(), &Failure::new([other.sentence(language)])),
        }
    }

    fn sentence(&self, language: Language) -> String {
        let text = match self {
            Self::BadCredentials => language.pick(
                "Mot de passe ou identifiant invalide.",
                "Invalid login credentials. Please try again.",
            ),
            Self::TokenInvalid => {
                language.pick("Mot de passe ou identifiant invalide.", "Invalid login credentials")
            }
            Self::NotConfirmed { email } => return not_confirmed(email, language),
            Self::GetNotSupported => language.pick(
                "Utilisez POST /sign_in pour la connexion. GET n'est pas supporté.",
                "Use POST /sign_in to sign in. GET is not supported.",
            ),
            Self::NotSignedIn => language.pick(
                "L'utilisateur est inconnu ou n'est pas connecté.",
                "User was not found or was not logged in.",
            ),
            Self::Unauthorized => "Unauthorized",
            Self::PasswordsMissing => language.pick(
                "Vous devez remplir les champs 'Mot de passe' et 'Confirmation de mot de passe'.",
                "You must fill out the fields labeled 'Password' and 'Password confirmation'.",
            ),
            Self::Password(problems) => return problems.full_messages.join(" "),
        };
        text.to_owned()
    }
}

/// The French sentence has no dot at its end.
fn not_confirmed(email: &str, language: Language) -> String {
    match language {
        Language::French => format!(
            "Un e-mail de confirmation de votre compte a été envoyé à '{email}'. Merci de suivre les instructions \
             afin de valider votre compte"
        ),
        Language::English => format!(
            "A confirmation email was sent to your account at '{email}'. You must follow the instructions in the \
             email before your account can be activated"
        ),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::body::to_bytes;
    use rstest::rstest;

    use super::{AuthFailure, PasswordProblems};
    use crate::texts::Language;

    fn confirmation() -> AuthFailure {
        AuthFailure::NotConfirmed { email: "a@b.example".to_owned() }
    }

    fn bad_password() -> AuthFailure {
        let mut problems = PasswordProblems::default();
        problems.password("est trop court (au moins 12 caractères)", Language::French);
        AuthFailure::Password(problems)
    }

    /// §3.2, §5, §6, §7: statuses and the French texts, byte by byte.
    #[rstest]
    #[case(AuthFailure::BadCredentials, 401, r#"["Mot de passe ou identifiant invalide."]"#)]
    #[case(
        confirmation(),
        401,
        r#"["Un e-mail de confirmation de votre compte a été envoyé à 'a@b.example'. Merci de suivre les instructions afin de valider votre compte"]"#
    )]
    #[case(
        AuthFailure::GetNotSupported,
        405,
        r#"["Utilisez POST /sign_in pour la connexion. GET n'est pas supporté."]"#
    )]
    #[case(AuthFailure::TokenInvalid, 401, r#"["Mot de passe ou identifiant invalide."]"#)]
    #[case(AuthFailure::NotSignedIn, 404, r#"["L'utilisateur est inconnu ou n'est pas connecté."]"#)]
    #[case(AuthFailure::Unauthorized, 401, r#"["Unauthorized"]"#)]
    #[case(
        AuthFailure::PasswordsMissing,
        422,
        r#"["Vous devez remplir les champs 'Mot de passe' et 'Confirmation de mot de passe'."]"#
    )]
    #[case(
        bad_password(),
        422,
        r#"{"password":["est trop court (au moins 12 caractères)"],"full_messages":["Mot de passe est trop court (au moins 12 caractères)"]}"#
    )]
    #[actix_web::test]
    async fn each_failure_has_its_status_and_body(
        #[case] failure: AuthFailure,
        #[case] status: u16,
        #[case] errors: &str,
    ) {
        let response = failure.in_language(Language::French).error_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json; charset=utf-8");
        let body = to_bytes(response.into_body()).await.unwrap();
        assert_eq!(std::str::from_utf8(&body).unwrap(), format!(r#"{{"success":false,"errors":{errors}}}"#));
    }

    /// §3.2, English column.
    #[rstest]
    #[case(AuthFailure::BadCredentials, "Invalid login credentials. Please try again.")]
    #[case(
        confirmation(),
        "A confirmation email was sent to your account at 'a@b.example'. You must follow the instructions in the email before your account can be activated"
    )]
    #[case(AuthFailure::GetNotSupported, "Use POST /sign_in to sign in. GET is not supported.")]
    #[case(AuthFailure::TokenInvalid, "Invalid login credentials")]
    #[case(AuthFailure::NotSignedIn, "User was not found or was not logged in.")]
    fn the_english_texts_are_those_of_the_gem(#[case] failure: AuthFailure, #[case] sentence: &str) {
        assert_eq!(failure.sentence(Language::English), sentence);
    }
}
