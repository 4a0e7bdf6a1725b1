//! An agent's session, or a token of the platform. `contracts/rdv-sign-in.md` §4.

use actix_web::dev::Payload;
use actix_web::{FromRequest as _, HttpRequest};
use auth_claims::caller::{Caller, Credential, Dialect as _};
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use auth_claims::scopes::Scope;
use identity::accounts::AccountId;
use identity::agents;
use rdv_dialect::error::{ForbiddenText, RdvError};
use rdv_dialect::{Rdv, token_headers::TokenHeaders};
use store::DbConn;

use super::Recognised;
use crate::app::App;

/// Recognises the caller by the three values, else by a Bearer token.
pub(super) async fn recognise(request: &HttpRequest, app: &App) -> Result<Recognised, RdvError> {
    let caller = Caller::<Rdv>::from_request(request, &mut Payload::None).await?;
    let claims = caller.claims();
    let account = account(claims)?;
    // §4.1: a disabled agent is out at once, whatever its token says.
    let find = move |conn: &mut DbConn| agents::find(conn, account);
    app.db.read(find).await?.ok_or(RdvError::Unauthenticated)?;
    let holds = |scope: &Scope| scope.as_str() == app.settings.scope;
    let permitted = claims.scope.iter().any(holds);
    Ok(Recognised {
        account,
        client: Some(claims.client_id.clone()),
        session: session(request, claims),
        permitted: permitted.then_some(()).ok_or(RdvError::Forbidden(ForbiddenText::Action)),
    })
}

/// A client is no agent.
fn account(claims: &AccessClaims) -> Result<AccountId, RdvError> {
    match claims.kind {
        SubjectKind::User => claims.sub.parse().map_err(|_| RdvError::Unauthenticated),
        SubjectKind::Client => Err(RdvError::Unauthenticated),
    }
}

/// §4.5: the session as the client presented it, with its end.
fn session(request: &HttpRequest, claims: &AccessClaims) -> Option<TokenHeaders> {
    let Ok(Credential::Subject { token_type: DEVICE_SESSION, token }) = Rdv::credential(request) else {
        return None;
    };
    let DeviceTriple { access_token, client, uid } = DeviceTriple::from_subject_token(&token)?;
    Some(TokenHeaders { access_token, client, expiry: claims.session_exp?, uid })
}
