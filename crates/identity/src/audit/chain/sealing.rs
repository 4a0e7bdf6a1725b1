//! Appending to the chain what is not in it yet.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError, on_backend};

use super::schema::{ChainRow, Head, audit_chain, audit_unsealed};
use super::{Anchor, codes, heads};
use crate::Identity;
use crate::audit::rows::{AuditRow, audit_events};
use crate::audit::{AuditEvent, Origin, Outcome, insert};
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::master::Secrets;

/// Events of one transaction: few enough that nobody waits for long behind it.
const BATCH: i64 = 500;

/// Events that are in memory together: under load each lists a hundred tokens.
const TOGETHER: usize = 25;

/// What one call has sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed {
    /// How many events; 0 when there is nothing left to seal, or another replica is at it.
    pub events: usize,
    /// Where the chain ends now.
    pub head: Option<Anchor>,
    /// What was found wrong with the end of the chain; a new partition was begun.
    pub broken: Option<String>,
}

impl Identity {
    /// Seals a batch of events. Every replica may call it at any time: one works, the others return at once.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn seal_audit(&self) -> Result<Sealed, IdentityError> {
        // Most of the time there is nothing, and a transaction on SQLite keeps writers out.
        if self.db().read(|conn| unsealed(conn, 1)).await?.is_empty() {
            return Ok(Sealed::default());
        }
        let (secrets, now) = (self.secrets().clone(), self.clock().now());
        let sealed = self.db().write(move |conn| seal(conn, &secrets, now)).await?;
        if let Some(broken) = &sealed.broken {
            tracing::error!("the audit trail was tampered with: {broken}; see `tessera audit verify`");
            metrics::counter!("tessera_audit_chain_breaks_total").increment(1);
        }
        metrics::counter!("tessera_audit_events_sealed_total").increment(sealed.events as u64);
        Ok(sealed)
    }
}

fn unsealed(conn: &mut DbConn, limit: i64) -> Result<Vec<String>, StoreError> {
    let ids = audit_unsealed::table.order(audit_unsealed::event_id).select(audit_unsealed::event_id);
    Ok(ids.limit(limit).load(conn)?)
}

fn seal(conn: &mut DbConn, secrets: &Secrets, now: DateTime<Utc>) -> Result<Sealed, StoreError> {
    if !Lock::AuditChain.try_take(conn)? {
        return Ok(Sealed::default());
    }
    let found = unsealed(conn, BATCH)?;
    if found.is_empty() {
        return Ok(Sealed::default());
    }
    let heads::Open { mut head, broken } = heads::open(conn, secrets, now)?;
    if let Some(broken) = &broken {
        let event = AuditEvent::new(now, "audit_chain.break", &Origin::default())
            .target((head.part - 1).to_string())
            .outcome(Outcome::Failure);
        insert(conn, &event.detail(json!({ "reason": broken })))?;
    }
    let links = append(conn, secrets, now, &mut head, &found)?;
    on_backend!(conn, |c| diesel::insert_into(audit_chain::table).values(&links).execute(c))?;
    let anchor = Anchor::new(head.part, head.last_seq, &head.last_hash);
    heads::save(conn, secrets, head)?;
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::event_id.eq_any(&found))).execute(conn)?;
    Ok(Sealed { events: found.len(), head: anchor, broken })
}

/// The links that these events become. One that is sealed already stays where it is: somebody has put it back.
fn append(
    conn: &mut DbConn,
    secrets: &Secrets,
    now: DateTime<Utc>,
    head: &mut Head,
    found: &[String],
) -> Result<Vec<ChainRow>, StoreError> {
    let query = audit_chain::table.filter(audit_chain::event_id.eq_any(found));
    let known: Vec<String> = query.select(audit_chain::event_id).load(conn)?;
    let known: HashSet<String> = known.into_iter().collect();
    let fresh: Vec<&String> = found.iter().filter(|id| !known.contains(*id)).collect();
    let mut links = Vec::with_capacity(fresh.len());
    for ids in fresh.chunks(TOGETHER) {
        let query = audit_events::table.filter(audit_events::id.eq_any(ids.iter().copied()));
        let events: Vec<AuditRow> = query.select(AuditRow::as_select()).load(conn)?;
        let events: HashMap<&str, &AuditRow> =
            events.iter().map(|event| (event.id.as_str(), event)).collect();
        for id in ids {
            let event = events.get(id.as_str()).copied();
            links.push(link(secrets, now, head, id, event));
        }
    }
    Ok(links)
}

/// The next link, which is the end of the chain from now on.
fn link(
    secrets: &Secrets,
    now: DateTime<Utc>,
    head: &mut Head,
    id: &str,
    event: Option<&AuditRow>,
) -> ChainRow {
    let mut link = ChainRow {
        part: head.part,
        seq: head.last_seq + 1,
        event_id: id.to_owned(),
        sealed_at: now.naive_utc(),
        hash: Vec::new(),
    };
    link.hash = codes::link(secrets, &head.last_hash, &link, event).to_vec();
    head.last_seq = link.seq;
    head.last_hash.clone_from(&link.hash);
    link
}
