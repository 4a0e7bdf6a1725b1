//! `tessera audit`

mod export;
mod verify;

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use identity::Identity;
use identity::accounts::AccountId;
use identity::audit::{self, AuditEvent, AuditFilter};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{AuditCommand, ListAudit, Narrowed};
use crate::directory::{self, find_account};
use crate::failure::Failure;
use crate::output::{Output, or_dash, printable};
use crate::settings::Settings;

/// An event as it is shown.
#[derive(Serialize)]
struct EventView {
    at: DateTime<Utc>,
    action: String,
    actor: Option<String>,
    client_id: Option<String>,
    dialect: Option<String>,
    target: Option<String>,
    outcome: &'static str,
    address: Option<IpAddr>,
    request_id: Option<String>,
    detail: Option<Value>,
}

pub(super) async fn run(settings: &Settings, command: AuditCommand, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        AuditCommand::List(flags) => list(&identity, flags, output).await,
        AuditCommand::Export(narrowed) => export::run(&identity, narrowed).await,
        AuditCommand::Verify(flags) => verify::run(&identity, &flags, output).await,
    }
}

async fn list(identity: &Identity, flags: ListAudit, output: Output) -> Result<(), Failure> {
    let filter = AuditFilter { limit: flags.limit, ..filter(identity, flags.narrowed).await? };
    let events = identity.db().read(move |conn| audit::list(conn, &filter)).await.context("audit events")?;
    let views: Vec<EventView> = events.into_iter().map(view).collect();
    let logins = if output == Output::Human { logins(identity, &views).await? } else { BTreeMap::new() };
    let headings = ["at", "action", "actor", "client", "dialect", "target", "outcome", "address", "request"];
    output.table(&views, &headings, |event| row(event, &logins)).context("standard output")?;
    Ok(())
}

async fn filter(identity: &Identity, narrowed: Narrowed) -> Result<AuditFilter, Failure> {
    let Narrowed { agent, actor, action, target, client, dialect, outcome, since, until } = narrowed;
    let now = identity.clock().now();
    let actor = match agent {
        Some(agent) => Some(account(identity, &agent).await?),
        None => actor,
    };
    Ok(AuditFilter {
        actor,
        action,
        target,
        client_id: client,
        dialect,
        outcome,
        since: since.map(|since| since.instant(now)),
        until: until.map(|until| until.instant(now)),
        limit: 0,
    })
}

/// The actor of an account's events. One that was deleted is known by its id alone.
async fn account(identity: &Identity, name: &str) -> Result<String, Failure> {
    if let Ok(id) = name.parse::<AccountId>() {
        return Ok(id.to_string());
    }
    Ok(find_account(identity, name).await?.id.to_string())
}

fn view(event: AuditEvent) -> EventView {
    EventView {
        at: event.at,
        action: event.action.into_owned(),
        actor: event.origin.actor,
        client_id: event.origin.client_id,
        dialect: event.origin.dialect,
        target: event.target,
        outcome: event.outcome.as_str(),
        address: event.origin.address,
        request_id: event.origin.request_id,
        detail: event.detail.map(cleaned),
    }
}

/// People read logins rather than ids: those of the accounts that are still there.
async fn logins(identity: &Identity, events: &[EventView]) -> Result<BTreeMap<String, String>, Failure> {
    let mut logins = BTreeMap::new();
    for actor in events.iter().filter_map(|event| event.actor.as_ref()) {
        let Ok(id) = actor.parse::<AccountId>() else { continue };
        if !logins.contains_key(actor) {
            let account = identity.find_account(id).await?;
            logins.insert(actor.clone(), account.map_or_else(|| actor.clone(), |account| account.login));
        }
    }
    Ok(logins)
}

fn row(event: &EventView, logins: &BTreeMap<String, String>) -> Vec<String> {
    let actor = event.actor.as_ref().map(|actor| logins.get(actor).unwrap_or(actor));
    vec![
        event.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        event.action.clone(),
        or_dash(actor),
        or_dash(event.client_id.as_ref()),
        or_dash(event.dialect.as_ref()),
        or_dash(event.target.as_ref()),
        event.outcome.to_owned(),
        or_dash(event.address),
        or_dash(event.detail.as_ref().and_then(request)),
    ]
}

/// `GET /path`, where the event is about a request.
fn request(detail: &Value) -> Option<String> {
    Some(format!("{} {}", detail.get("method")?.as_str()?, detail.get("path")?.as_str()?))
}

/// The trail keeps what requests said, as JSON; JSON escapes some control characters, a terminal obeys more.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(printable(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (printable(&name).into_owned(), cleaned(member)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{cleaned, request};

    #[test]
    fn a_detail_holds_nothing_that_a_terminal_obeys() {
        let told = cleaned(json!({ "pa\u{9b}th": ["/a\u{1b}[2J", { "x": "b\u{7f}\r\n" }], "status": 7 }));
        assert_eq!(
            told,
            json!({ "pa\u{fffd}th": ["/a\u{fffd}[2J", { "x": "b\u{fffd}\u{fffd}\u{fffd}" }], "status": 7 })
        );
    }

    #[test]
    fn a_request_is_a_method_and_a_path() {
        let call = json!({ "method": "GET", "path": "/api/v1/absences?page=2" });
        assert_eq!(request(&call).as_deref(), Some("GET /api/v1/absences?page=2"));
        assert_eq!(request(&json!({ "method": "GET" })), None);
        assert_eq!(request(&json!("cut")), None);
    }
}
