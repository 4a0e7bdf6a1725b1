//! Lists of events: filters, and pages that follow one another by the last event of the page before.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, MultiBackend, StoreError};

use super::chain::Anchor;
use super::rows::{AuditRow, LONGEST_NAME, audit_events, clean};
use super::{AuditEvent, Outcome};

/// Which events to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of this actor: an account's id, or a client's.
    pub actor: Option<String>,
    /// Only of this action.
    pub action: Option<String>,
    /// Only on this target.
    pub target: Option<String>,
    /// Only through this client.
    pub client_id: Option<String>,
    /// Only in this dialect.
    pub dialect: Option<String>,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only from this instant on.
    pub since: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub until: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: u32,
}

/// Which end of the trail a list begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// With the newest event.
    NewestFirst,
    /// With the oldest.
    OldestFirst,
}

/// Where an event stands in every list: by its instant, and within one instant by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The event's instant.
    pub at: DateTime<Utc>,
    /// Its id.
    pub id: String,
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its id.
    pub id: String,
    /// What happened.
    pub event: AuditEvent,
    /// Where it stands in the chain; `None` for the second or so before it is sealed.
    pub seal: Option<Anchor>,
}

impl StoredEvent {
    /// Where the page after this event begins.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { at: self.event.at, id: self.id.clone() }
    }
}

type Query = audit_events::BoxedQuery<'static, MultiBackend>;

/// The events that match, newest first.
///
/// # Errors
/// [`StoreError`] when the database is away or a stored value is not one of ours.
pub fn list(conn: &mut DbConn, filter: &AuditFilter) -> Result<Vec<AuditEvent>, StoreError> {
    rows(conn, filter, Order::NewestFirst, None)?.into_iter().map(AuditEvent::try_from).collect()
}

/// The events that match and come after `after`, with their seals.
///
/// # Errors
/// [`StoreError`] when the database is away or a stored value is not one of ours.
pub fn page(
    conn: &mut DbConn,
    filter: &AuditFilter,
    order: Order,
    after: Option<&Place>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let rows = rows(conn, filter, order, after)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut seals = super::chain::seals(conn, &ids)?;
    let stored = |row: AuditRow| {
        let (id, seal) = (row.id.clone(), seals.remove(&row.id));
        Ok(StoredEvent { id, event: row.try_into()?, seal })
    };
    rows.into_iter().map(stored).collect()
}

fn rows(
    conn: &mut DbConn,
    filter: &AuditFilter,
    order: Order,
    after: Option<&Place>,
) -> Result<Vec<AuditRow>, StoreError> {
    let mut query = narrowed(audit_events::table.into_boxed(), filter);
    if let Some(Place { at, id }) = after {
        // The first condition is the range of the index, the second what is left of its edge.
        let (at, id) = (at.naive_utc(), id.clone());
        query = match order {
            Order::NewestFirst => query
                .filter(audit_events::at.le(at))
                .filter(audit_events::at.lt(at).or(audit_events::id.lt(id))),
            Order::OldestFirst => query
                .filter(audit_events::at.ge(at))
                .filter(audit_events::at.gt(at).or(audit_events::id.gt(id))),
        };
    }
    let query = match order {
        Order::NewestFirst => query.order((audit_events::at.desc(), audit_events::id.desc())),
        Order::OldestFirst => query.order((audit_events::at.asc(), audit_events::id.asc())),
    };
    Ok(query.limit(filter.limit.into()).select(AuditRow::as_select()).load(conn)?)
}

/// Names are compared in the form that is stored.
fn narrowed(mut query: Query, filter: &AuditFilter) -> Query {
    let stored = |name: &String| clean(name, LONGEST_NAME).into_owned();
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor.eq(stored(actor)));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_events::action.eq(stored(action)));
    }
    if let Some(target) = &filter.target {
        query = query.filter(audit_events::target.eq(stored(target)));
    }
    if let Some(client) = &filter.client_id {
        query = query.filter(audit_events::client_id.eq(stored(client)));
    }
    if let Some(dialect) = &filter.dialect {
        query = query.filter(audit_events::dialect.eq(stored(dialect)));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(audit_events::outcome.eq(outcome.as_str()));
    }
    if let Some(since) = filter.since {
        query = query.filter(audit_events::at.ge(since.naive_utc()));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_events::at.lt(until.naive_utc()));
    }
    query
}
