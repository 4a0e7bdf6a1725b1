//! Login and password, as HTTP Basic joins them: base64 of `login:secret`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::audit::Origin;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Subject;
use crate::api::oauth::error::OAuthError;
use crate::app::App;

/// The account these belong to.
pub(super) async fn resolve(app: &App, token: &str, origin: &Origin) -> Result<Subject, OAuthError> {
    let (login, secret) = split(token).ok_or(REFUSAL)?;
    let account = app.identity.verify_password(&login, &secret, origin).await?;
    Ok(Subject::Account { account: Box::new(account), amr: "pwd", session: None })
}

const REFUSAL: OAuthError = OAuthError::grant("the credentials are not valid");

fn split(token: &str) -> Option<(String, SecretString)> {
    let joined = Zeroizing::new(STANDARD.decode(token).ok()?);
    let (login, secret) = std::str::from_utf8(&joined).ok()?.split_once(':')?;
    Some((login.to_owned(), SecretString::from(secret)))
}
