//! A login and a secret, as HTTP Basic joins them: base64 of `login:secret`. The secret is an app password of the account
//! or its own password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::app_passwords::BasicIdentity;
use identity::audit::Origin;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{OwnSession, Subject};
use crate::api::oauth::error::OAuthError;
use crate::app::App;
use crate::issuing;

/// The account these belong to.
pub(super) async fn resolve(app: &App, token: &str, origin: &Origin) -> Result<Subject, OAuthError> {
    let (login, secret) = split(token).ok_or(REFUSAL)?;
    app.limits.of_sign_in(issuing::address(origin))?;
    let verified = app.identity.verify_basic(&login, &secret, origin).await?;
    app.limits.of_account(verified.account.id)?;
    Ok(subject(verified))
}

const REFUSAL: OAuthError = OAuthError::grant("the credentials are not valid");

/// What is exchanged for an app password belongs to its session, and ends when it is revoked.
pub(super) fn subject(BasicIdentity { account, session }: BasicIdentity) -> Subject {
    let session =
        session.map(|session| OwnSession { sid: session.sid, began_at: session.created_at, ends_at: None });
    Subject::Account { account: Box::new(account), amr: "pwd", session }
}

fn split(token: &str) -> Option<(String, SecretString)> {
    let joined = Zeroizing::new(STANDARD.decode(token).ok()?);
    let (login, secret) = std::str::from_utf8(&joined).ok()?.split_once(':')?;
    Some((login.to_owned(), SecretString::from(secret)))
}
