//! The signature of the trusted partner. `contracts/rdv-sign-in.md` §10.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use auth_claims::caller::{Authenticator, Rejection};
use identity::accounts;
use identity::agents::{self, Agent};
use rdv_dialect::error::RdvError;
use service_kit::client_address;
use store::{DbConn, StoreError};

use super::Recognised;
use crate::app::App;
use crate::domain::signature;

const SIGNATURE: &str = "x-agent-auth-signature";
const UID: &str = "uid";

/// The values of a header, as text. More than one is as good as none.
pub(super) struct Presented(Option<String>);

/// The signature of a request; nothing else counts where there is one.
pub(super) fn presented(request: &HttpRequest) -> Option<Presented> {
    request.headers().contains_key(SIGNATURE).then(|| Presented(only(request, SIGNATURE)))
}

/// Recognises the agent in whose name the partner calls.
///
/// # Errors
/// 401 for everything that is wrong, with an alert in the log.
pub(super) async fn recognise(
    request: &HttpRequest,
    app: &App,
    Presented(presented): Presented,
) -> Result<Recognised, RdvError> {
    let agent = agent(request, app).await?;
    // Nobody signs for nobody, but the work is the same.
    let message = agent.as_ref().map_or_else(|| signature::message(0, None, None, None), message);
    let secret = app.settings.shared_secret.as_ref();
    let signed =
        secret.zip(presented).is_some_and(|(secret, value)| signature::verify(secret, &message, &value));
    match agent {
        Some(agent) if signed => {
            let permitted = enabled_for(request, app, &agent).await?;
            Ok(Recognised { account: agent.id, client: None, session: None, permitted })
        }
        agent => {
            alert(request, agent.as_ref(), secret.is_some());
            Err(RdvError::Unauthenticated)
        }
    }
}

/// A signature is no token that says whether this is an administrator.
async fn enabled_for(
    request: &HttpRequest,
    app: &App,
    agent: &Agent,
) -> Result<Result<(), RdvError>, StoreError> {
    let enabled = match request.app_data::<Data<Authenticator>>() {
        Some(authenticator) => authenticator.ensure_enabled(),
        None => Err(Rejection::Unavailable),
    };
    let id = agent.id;
    if enabled == Err(Rejection::ServiceDisabled) {
        let account = app.db.read(move |conn: &mut DbConn| accounts::find(conn, id)).await?;
        if account.is_some_and(|account| account.is_administrator()) {
            return Ok(Ok(()));
        }
    }
    Ok(enabled.map_err(RdvError::from))
}

async fn agent(request: &HttpRequest, app: &App) -> Result<Option<Agent>, StoreError> {
    let Some(uid) = only(request, UID) else { return Ok(None) };
    app.db.read(move |conn: &mut DbConn| agents::find_by_uid(conn, &uid)).await
}

fn message(agent: &Agent) -> String {
    let Agent { number, first_name, last_name, email, .. } = agent;
    signature::message(*number, first_name.as_deref(), last_name.as_deref(), email.as_deref())
}

fn only(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values = request.headers().get_all(name);
    let value = values.next().map(HeaderValue::as_bytes)?;
    let text = String::from_utf8(value.to_vec()).ok()?;
    values.next().is_none().then_some(text)
}

/// Whoever tries signatures tries to be anybody. E-mail addresses stay out of the log.
fn alert(request: &HttpRequest, agent: Option<&Agent>, configured: bool) {
    let address = client_address(request);
    metrics::counter!("tessera_agent_signatures_refused_total").increment(1);
    tracing::warn!(
        security.alert = "agent_signature",
        client.address = %address,
        account.id = agent.map(|agent| display(agent.id)),
        configured,
        "security alert: a signature for an agent was refused, from {address}"
    );
}
