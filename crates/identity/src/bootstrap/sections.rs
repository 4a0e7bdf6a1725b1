//! The file as serde reads it: plain strings wherever a rule applies, so that all faults can be told at once.

use serde::{Deserialize, Deserializer};

use super::{
    accounts::AccountEntry, clients::ClientEntry, groups::GroupEntry, organizations::OrganizationEntry,
    services::ServiceEntry, territories::TerritoryEntry,
};

/// A bootstrap file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    #[serde(deserialize_with = "list")]
    pub(super) territories: Vec<TerritoryEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) services: Vec<ServiceEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) organizations: Vec<OrganizationEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) groups: Vec<GroupEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) accounts: Vec<AccountEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) clients: Vec<ClientEntry>,
}

/// A section that was left empty (`clients:` and nothing below) is an empty list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
