//! Between rows and clients.

use std::time::Duration;

use auth_claims::scopes::Scopes;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::StoreError;

use super::{CheckedRegistration, Client, schema::clients};
use crate::text::{from_json, to_json};

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(super) struct ClientRow {
    id: String,
    kind: String,
    name: String,
    enabled: bool,
    scopes: String,
    default_scopes: String,
    domains: String,
    grants: String,
    audiences: String,
    organization_id: Option<String>,
    application_id: Option<String>,
    roles: String,
    permissions: String,
    access_token_ttl: Option<i64>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<ClientRow> for Client {
    type Error = StoreError;

    fn try_from(row: ClientRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("clients.id", error))?,
            kind: row.kind.parse().map_err(|error| StoreError::corrupt("clients.kind", error))?,
            name: row.name,
            enabled: row.enabled,
            scopes: scopes("clients.scopes", &row.scopes)?,
            default_scopes: scopes("clients.default_scopes", &row.default_scopes)?,
            domains: from_json("clients.domains", &row.domains)?,
            grants: from_json("clients.grants", &row.grants)?,
            audiences: from_json("clients.audiences", &row.audiences)?,
            organization_id: row.organization_id,
            application_id: row.application_id,
            roles: from_json("clients.roles", &row.roles)?,
            permissions: from_json("clients.permissions", &row.permissions)?,
            access_token_ttl: row.access_token_ttl.map(seconds).transpose()?,
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}

fn scopes(what: &'static str, text: &str) -> Result<Scopes, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt(what, error))
}

fn seconds(stored: i64) -> Result<Duration, StoreError> {
    let seconds =
        u64::try_from(stored).map_err(|error| StoreError::corrupt("clients.access_token_ttl", error))?;
    Ok(Duration::from_secs(seconds))
}

/// The columns a registration fills. `enabled` is not among them: changing it entails a revocation.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
pub(super) struct Columns {
    kind: String,
    name: String,
    scopes: String,
    default_scopes: String,
    domains: String,
    grants: String,
    audiences: String,
    organization_id: Option<String>,
    application_id: Option<String>,
    roles: String,
    permissions: String,
    access_token_ttl: Option<i64>,
}

pub(super) fn columns(checked: &CheckedRegistration) -> Result<Columns, StoreError> {
    let registration = &checked.registration;
    let ttl = registration.access_token_ttl.map(|ttl| i64::try_from(ttl.as_secs())).transpose();
    Ok(Columns {
        kind: checked.kind.as_str().to_owned(),
        name: registration.name.clone(),
        scopes: registration.scopes.to_string(),
        default_scopes: registration.default_scopes.to_string(),
        domains: to_json(&registration.domains)?,
        grants: to_json(&registration.grants)?,
        audiences: to_json(&registration.audiences)?,
        organization_id: registration.organization_id.clone(),
        application_id: registration.application_id.clone(),
        roles: to_json(&registration.roles)?,
        permissions: to_json(&registration.permissions)?,
        access_token_ttl: ttl.map_err(|error| StoreError::corrupt("clients.access_token_ttl", error))?,
    })
}
