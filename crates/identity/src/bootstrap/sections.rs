//! The file as serde reads it: plain strings wherever a rule applies, so that all faults can be told at once.

use ::bootstrap::{Elsewhere, list};
use serde::Deserialize;

use super::{
    accounts::AccountEntry, apps::AppEntry, clients::ClientEntry, groups::GroupEntry,
    organizations::OrganizationEntry, services::ServiceEntry, territories::TerritoryEntry,
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
    pub(super) apps: Vec<AppEntry>,
    #[serde(deserialize_with = "list")]
    pub(super) clients: Vec<ClientEntry>,
    /// Known by its name, and read by the applications service.
    pub(super) applications: Elsewhere,
    /// The same of the service of bases.
    pub(super) bases: Elsewhere,
}
