//! The table of audit events.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};
use uuid::{ContextV7, Timestamp, Uuid};

use super::{AuditEvent, Origin};

diesel::table! {
    audit_events (id) {
        id -> Text,
        at -> Timestamp,
        action -> Text,
        actor -> Nullable<Text>,
        client_id -> Nullable<Text>,
        dialect -> Nullable<Text>,
        target -> Nullable<Text>,
        address -> Nullable<Text>,
        outcome -> Text,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

/// Bytes kept of an id or name a request brought along.
pub(super) const LONGEST_NAME: usize = 256;

/// Bytes kept of a detail.
pub(super) const LONGEST_DETAIL: usize = 4096;

/// An event as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(super) struct AuditRow {
    pub(super) id: String,
    pub(super) at: NaiveDateTime,
    pub(super) action: String,
    pub(super) actor: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) dialect: Option<String>,
    pub(super) target: Option<String>,
    pub(super) address: Option<String>,
    pub(super) outcome: String,
    pub(super) request_id: Option<String>,
    pub(super) detail: Option<String>,
}

/// A row on its way into the table.
#[derive(Debug)]
pub(super) struct Row {
    /// When the first of its events was recorded, in comparison with others.
    pub(super) number: u64,
    /// How many events it tells of.
    pub(super) events: u64,
    pub(super) columns: AuditRow,
}

/// Writes one event in the caller's transaction.
///
/// # Errors
/// [`StoreError`] when the database refuses or is away.
pub fn insert(conn: &mut DbConn, event: &AuditEvent) -> Result<(), StoreError> {
    let mut row = AuditRow::from(event);
    row.give_id();
    insert_all(conn, &[&row])
}

/// Writes several rows in the caller's transaction, in their order. One that is there already stays: the transaction is tried
/// again when nobody knows whether it was committed.
pub(super) fn insert_all(conn: &mut DbConn, rows: &[&AuditRow]) -> Result<(), StoreError> {
    match conn {
        DbConn::Pg(conn) => {
            diesel::insert_into(audit_events::table)
                .values(rows.to_vec())
                .on_conflict_do_nothing()
                .execute(conn)?;
        }
        // Here a round trip costs nothing, and a statement that is the same for every row is prepared once.
        DbConn::Sqlite(conn) => {
            for row in rows {
                diesel::insert_into(audit_events::table)
                    .values(*row)
                    .on_conflict_do_nothing()
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}

impl AuditEvent {
    /// Lets go of what would not be stored: a request can name a client of 64 KiB, and thousands of events wait while the
    /// database is away.
    pub(super) fn shorten(&mut self) {
        let Origin { actor, client_id, request_id, .. } = &mut self.origin;
        for name in [actor, client_id, request_id, &mut self.target].into_iter().flatten() {
            name.truncate(name.floor_char_boundary(LONGEST_NAME));
            name.shrink_to_fit();
        }
    }
}

impl From<&AuditEvent> for AuditRow {
    fn from(event: &AuditEvent) -> Self {
        Self::new(event, event.detail.as_ref().map(|value| bounded(value.to_string())))
    }
}

impl AuditRow {
    /// Ids follow the order in which they are given.
    pub(super) fn give_id(&mut self) {
        self.id = next_id(self.at.and_utc()).to_string();
    }

    /// The row of an event, with this JSON as its detail, and without an id.
    pub(super) fn new(event: &AuditEvent, detail: Option<String>) -> Self {
        let name = |text: &Option<String>| text.as_deref().map(|text| clean(text, LONGEST_NAME).into_owned());
        let origin = &event.origin;
        Self {
            id: String::new(),
            at: event.at.naive_utc(),
            action: clean(&event.action, LONGEST_NAME).into_owned(),
            actor: name(&origin.actor),
            client_id: name(&origin.client_id),
            dialect: name(&origin.dialect),
            target: name(&event.target),
            address: origin.address.map(|address| address.to_string()),
            outcome: event.outcome.as_str().to_owned(),
            request_id: name(&origin.request_id),
            detail,
        }
    }
}

impl TryFrom<AuditRow> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, Self::Error> {
        let corrupt = |what| move |reason: String| StoreError::corrupt(what, reason);
        let address = row.address.map(|text| text.parse().map_err(|_| corrupt("audit address")(text)));
        let detail = row.detail.map(|text| {
            serde_json::from_str(&text).map_err(|error| corrupt("audit detail")(error.to_string()))
        });
        Ok(Self {
            at: row.at.and_utc(),
            action: row.action.into(),
            origin: Origin {
                actor: row.actor,
                client_id: row.client_id,
                dialect: row.dialect,
                address: address.transpose()?,
                request_id: row.request_id,
            },
            target: row.target,
            outcome: row.outcome.parse().map_err(|_| corrupt("audit outcome")(row.outcome))?,
            detail: detail.transpose()?,
        })
    }
}

/// UUID v7 of the event's instant; within one millisecond later calls give later ids, which keeps the listing's order.
fn next_id(at: DateTime<Utc>) -> Uuid {
    static CONTEXT: Mutex<Option<ContextV7>> = Mutex::new(None);
    let mut context = CONTEXT.lock().unwrap_or_else(PoisonError::into_inner);
    let context = context.get_or_insert_with(ContextV7::new);
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(&*context, seconds, at.timestamp_subsec_nanos()))
}

/// PostgreSQL refuses a NUL in a text, and one such event would spoil its batch; terminals obey other controls.
pub(super) fn clean(text: &str, longest: usize) -> Cow<'_, str> {
    let text = &text[..text.floor_char_boundary(longest)];
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON text; one that is too long becomes a JSON string of its beginning.
pub(super) fn bounded(text: String) -> String {
    if text.len() <= LONGEST_DETAIL {
        return text;
    }
    serde_json::Value::from(clean(&text, LONGEST_DETAIL)).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_is_bounded_and_free_of_controls(text in any::<String>(), longest in 0_usize..40) {
            let kept = clean(&text, longest);
            prop_assert!(!kept.contains(char::is_control));
            prop_assert!(kept.chars().count() <= longest);
        }
    }

    #[test]
    fn a_long_detail_stays_json() {
        let long = serde_json::json!({ "text": "\u{0}\"ä".repeat(5000) });
        let kept: serde_json::Value = serde_json::from_str(&bounded(long.to_string())).unwrap();
        assert!(kept.as_str().unwrap().starts_with("{\"text\":"));
    }

    #[test]
    fn ids_of_one_instant_come_in_order() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ids: Vec<Uuid> = (0..1000).map(|_| next_id(at)).collect();
        assert!(ids.is_sorted());
    }
}
