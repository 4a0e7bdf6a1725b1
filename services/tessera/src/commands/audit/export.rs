//! `tessera audit export`

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use identity::Identity;
use identity::audit::AuditFilter;
use identity::audit::chain::Anchor;
use identity::audit::listing::{self, Order, Place, StoredEvent};
use serde::Serialize;
use serde_json::Value;

use crate::cli::Narrowed;
use crate::failure::Failure;

/// Events that are read together: what there is in memory at any time.
const PAGE: u32 = 1000;

/// A line.
#[derive(Serialize)]
struct Line {
    id: String,
    at: String,
    action: String,
    actor: Option<String>,
    client_id: Option<String>,
    dialect: Option<String>,
    target: Option<String>,
    outcome: &'static str,
    address: Option<IpAddr>,
    request_id: Option<String>,
    detail: Option<Value>,
    seal: Option<Seal>,
}

/// A place in the chain.
#[derive(Serialize)]
struct Seal {
    partition: i64,
    seq: i64,
    hash: String,
}

pub(super) async fn run(identity: &Identity, narrowed: Narrowed) -> Result<(), Failure> {
    // What is written meanwhile is for the next time: an export ends.
    let now = identity.clock().now();
    let filter = super::filter(identity, narrowed).await?;
    let until = filter.until.map_or(now, |until| until.min(now));
    let filter = AuditFilter { until: Some(until), limit: PAGE, ..filter };
    let mut after: Option<Place> = None;
    loop {
        let (filter, place) = (filter.clone(), after.take());
        let read = move |conn: &mut _| listing::page(conn, &filter, Order::OldestFirst, place.as_ref());
        let page = identity.db().read(read).await.context("audit events")?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.place());
        match print(page) {
            // Whoever reads has had enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            printed => printed.context("standard output")?,
        }
    }
}

fn print(page: Vec<StoredEvent>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for event in page {
        writeln!(out, "{}", escaped(&serde_json::to_string(&line(event))?))?;
    }
    out.flush()
}

fn line(stored: StoredEvent) -> Line {
    let StoredEvent { id, event, seal } = stored;
    Line {
        id,
        at: instant(event.at),
        action: event.action.into_owned(),
        actor: event.origin.actor,
        client_id: event.origin.client_id,
        dialect: event.origin.dialect,
        target: event.target,
        outcome: event.outcome.as_str(),
        address: event.origin.address,
        request_id: event.origin.request_id,
        detail: event.detail,
        seal: seal.map(|Anchor { part, seq, hash }| Seal { partition: part, seq, hash: hex::encode(hash) }),
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// JSON escapes some control characters; a terminal obeys more, and all may be escaped where JSON has text.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(char::is_control) {
        return Cow::Borrowed(json);
    }
    let escape = |c: char| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(json.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::escaped;

    #[test]
    fn a_line_is_one_line_and_says_what_the_event_says() {
        let detail = json!({ "pa\u{9b}th": ["/a\u{1b}[2J\r\n", "b\u{7f}\u{85}\u{2028}é"] });
        let line = detail.to_string();
        let line = escaped(&line);
        assert!(!line.contains(char::is_control), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), detail);
    }
}
