//! Device sessions: base64url of the JSON `{"access-token", "client", "uid"}`.

use auth_claims::device::DeviceTriple;
use identity::audit::Origin;

use super::{OwnSession, Subject};
use crate::api::oauth::error::OAuthError;
use crate::app::App;
use crate::{device, issuing};

/// The account whose session it is. Looked up at every exchange, so that a sign-out counts at once.
pub(super) async fn resolve(app: &App, token: &str, origin: &Origin) -> Result<Subject, OAuthError> {
    let triple = DeviceTriple::from_subject_token(token).ok_or(REFUSAL)?;
    let Some(session) = app.identity.find_device_session(&device::credential(triple)).await? else {
        app.limits.of_unknown(issuing::address(origin))?;
        return Err(REFUSAL);
    };
    let own =
        OwnSession { sid: session.sid, began_at: session.created_at, ends_at: Some(session.expires_at) };
    Ok(Subject::Account { account: Box::new(session.account), amr: "pwd", session: Some(own) })
}

/// One for every reason: what is wrong with the three values is nobody's business.
const REFUSAL: OAuthError = OAuthError::grant("the device session is not valid");
