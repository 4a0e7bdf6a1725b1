//! Finding and listing clients.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{Client, ClientId, ClientKind, rows::ClientRow, schema::clients};
use crate::pages::{Page, bounded};

/// Which clients to list. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFilter {
    /// Of this kind.
    pub kind: Option<ClientKind>,
    /// Belonging to this organisation.
    pub organization: Option<String>,
    /// Belonging to this application.
    pub application: Option<String>,
    /// Enabled, or disabled.
    pub enabled: Option<bool>,
}

/// Where a page of clients ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCursor {
    /// When the last client of the page was registered.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub id: ClientId,
}

/// The client with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &ClientId) -> Result<Option<Client>, StoreError> {
    let query = clients::table.find(id.as_str());
    let row = on_backend!(conn, |c| query.select(ClientRow::as_select()).get_result(c)).optional()?;
    row.map(Client::try_from).transpose()
}

/// Clients, newest first (contracts/meet.md §10.1).
///
/// # Errors
/// Those of the database.
pub fn list(
    conn: &mut DbConn,
    filter: &ClientFilter,
    after: Option<&ClientCursor>,
    limit: i64,
) -> Result<Page<Client, ClientCursor>, StoreError> {
    let limit = bounded(limit);
    let mut query = clients::table.select(ClientRow::as_select()).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(clients::kind.eq(kind.as_str()));
    }
    if let Some(organization) = &filter.organization {
        query = query.filter(clients::organization_id.eq(storable(organization)));
    }
    if let Some(application) = &filter.application {
        query = query.filter(clients::application_id.eq(storable(application)));
    }
    if let Some(enabled) = filter.enabled {
        query = query.filter(clients::enabled.eq(enabled));
    }
    if let Some(after) = after {
        let at = after.created_at.naive_utc();
        let same = clients::created_at.eq(at).and(clients::id.lt(after.id.as_str().to_owned()));
        query = query.filter(clients::created_at.lt(at).or(same));
    }
    let rows: Vec<ClientRow> =
        query.order((clients::created_at.desc(), clients::id.desc())).limit(limit + 1).load(conn)?;
    let found = rows.into_iter().map(Client::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(found, limit, |client: &Client| ClientCursor {
        created_at: client.created_at,
        id: client.id.clone(),
    }))
}

/// A text to compare with stored ones, none of which has the NUL that PostgreSQL refuses.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
