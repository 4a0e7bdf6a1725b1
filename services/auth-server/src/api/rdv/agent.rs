//! The agent as sign-in, check and password change show it (`contracts/rdv-sign-in.md` §3.3), and the session's headers.

use identity::accounts::{Account, AccountId, EmailKey};
use identity::device_sessions::DeviceSession;
use identity::{agents, services};
use rdv_dialect::RdvError;
use rdv_dialect::token_headers::TokenHeaders;
use serde::Serialize;
use store::{DbConn, StoreError};
use utoipa::ToSchema;

use crate::app::App;

/// An agent about itself: the eleven fields that every client may rely on, in the order of the contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RdvAgent, example = json!({
    "id": 311, "deleted_at": null, "email": "amina.kerbrat@cd26.example", "provider": "email", "service_id": 4,
    "role": "admin", "last_name": "KERBRAT", "first_name": "Amina", "uid": "amina.kerbrat@cd26.example",
    "email_original": null, "allow_password_change": false
}))]
pub(crate) struct AgentData {
    /// The account's number.
    id: i64,
    /// Always null: who is deleted cannot sign in.
    deleted_at: Option<String>,
    /// The e-mail address, in lower case.
    email: String,
    /// Always `email`.
    provider: &'static str,
    /// The number of the first service the agent belongs to.
    service_id: Option<i64>,
    /// `admin` for an administrator of at least one organisation, else `user`.
    role: &'static str,
    /// Family name.
    last_name: Option<String>,
    /// Given name.
    first_name: Option<String>,
    /// The same as `email`.
    uid: String,
    /// Always null, as `deleted_at`.
    email_original: Option<String>,
    /// Always false: passwords are not reset by mail.
    allow_password_change: bool,
}

/// The body around it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RdvSession)]
pub(crate) struct SessionBody {
    /// Where the endpoint says so, always true.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    /// The agent.
    data: AgentData,
    /// What was done, after a change of password.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

impl SessionBody {
    /// Of a sign-in: `data` alone.
    pub(super) const fn opened(data: AgentData) -> Self {
        Self { success: None, data, message: None }
    }

    /// Of a check.
    pub(super) const fn valid(data: AgentData) -> Self {
        Self { success: Some(true), data, message: None }
    }

    /// Of a change.
    pub(super) const fn changed(data: AgentData, message: &'static str) -> Self {
        Self { success: Some(true), data, message: Some(message) }
    }
}

/// A session as its client is told of it.
pub(super) struct Told {
    pub(super) headers: TokenHeaders,
    pub(super) data: AgentData,
}

/// The headers and the agent of a session whose token the client has shown, or just gets.
pub(super) async fn tell(app: &App, session: DeviceSession, token: &str) -> Result<Told, RdvError> {
    let uid = uid(&session.account)?;
    let headers = TokenHeaders {
        access_token: token.to_owned(),
        client: session.client,
        expiry: session.expires_at.timestamp(),
        uid: uid.clone(),
    };
    Ok(Told { headers, data: data(app, session.account, uid).await? })
}

/// §1: the e-mail address in lower case. An account without one has no session.
fn uid(account: &Account) -> Result<String, RdvError> {
    let key = account.email.as_deref().and_then(|email| email.parse::<EmailKey>().ok());
    key.map(|key| key.to_string()).ok_or_else(|| RdvError::internal("a session without an e-mail address"))
}

async fn data(app: &App, account: Account, uid: String) -> Result<AgentData, RdvError> {
    let (id, service) = (account.id, account.services.first().cloned());
    let places = move |conn: &mut DbConn| places(conn, id, service.as_deref());
    let (is_admin, service_id) = app.identity.db().look_up(places).await.map_err(RdvError::Store)?;
    Ok(AgentData {
        id: account.number,
        deleted_at: None,
        email: uid.clone(),
        provider: "email",
        service_id,
        role: if is_admin { "admin" } else { "user" },
        last_name: account.family_name,
        first_name: account.given_name,
        uid,
        email_original: None,
        allow_password_change: false,
    })
}

fn places(
    conn: &mut DbConn,
    account: AccountId,
    service: Option<&str>,
) -> Result<(bool, Option<i64>), StoreError> {
    let is_admin = agents::is_admin_anywhere(conn, account)?;
    let service = service.map(|id| services::find(conn, id)).transpose()?.flatten();
    Ok((is_admin, service.map(|service| service.number)))
}
