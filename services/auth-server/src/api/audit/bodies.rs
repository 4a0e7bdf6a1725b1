//! What is answered.

use chrono::{DateTime, SecondsFormat, Utc};
use identity::audit::listing::StoredEvent;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A page of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The events, newest first.
    pub(super) events: Vec<AuditEventBody>,
    /// What to send as `cursor` for the next page, with the same filters; null on the last one.
    pub(super) next: Option<String>,
}

/// Something that was done, refused or asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEventBody {
    /// Its id.
    #[schema(example = "01a457a6-9800-71f3-91cd-ab37dd727f65")]
    id: String,
    /// When, to the microsecond (RFC 3339).
    #[schema(example = "2027-01-15T08:00:00.000000Z", format = DateTime)]
    at: String,
    /// What: `noun.verb`.
    #[schema(example = "token.issue")]
    action: String,
    /// The account or client that acted.
    actor: Option<String>,
    /// The client it acted through.
    client_id: Option<String>,
    /// The API dialect that was spoken.
    #[schema(example = "oauth2")]
    dialect: Option<String>,
    /// On what: an id. Null in a `token.issue` that tells of several tokens, which are in its detail.
    target: Option<String>,
    /// `success`, `failure`, or `received` for what was recorded before it was decided.
    outcome: &'static str,
    /// Where the request came from.
    #[schema(example = "192.0.2.1")]
    address: Option<String>,
    /// The request's id, as in the logs.
    request_id: Option<String>,
    /// What else helps to understand it. Tokens that were issued in quick succession on the same terms share an event: `count`
    /// says how many they are, and `tokens` has for each its `jti`, its request id and the microseconds from `at` to its issue.
    detail: Option<Value>,
    /// Its place in the chain, `PARTITION:SEQ:HASH`; null for the second or so before it is sealed.
    seal: Option<String>,
}

impl From<StoredEvent> for AuditEventBody {
    fn from(stored: StoredEvent) -> Self {
        let StoredEvent { id, event, seal } = stored;
        Self {
            id,
            at: instant(event.at),
            action: event.action.into_owned(),
            actor: event.origin.actor,
            client_id: event.origin.client_id,
            dialect: event.origin.dialect,
            target: event.target,
            outcome: event.outcome.as_str(),
            address: event.origin.address.map(|address| address.to_string()),
            request_id: event.origin.request_id,
            detail: event.detail,
            seal: seal.map(|seal| seal.to_string()),
        }
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
