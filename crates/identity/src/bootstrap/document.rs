//! Reading a file: everything that can be wrong with it without looking into a database.

use std::sync::Arc;

use super::{
    BootstrapError, SecretSources, Source,
    accounts::{self, CheckedAccount},
    apps::AppEntry,
    clients::{self, CheckedClient},
    groups::GroupEntry,
    named::{self, Checked},
    organizations::OrganizationEntry,
    secrets::Checker,
    sections::File,
    services::ServiceEntry,
    territories::TerritoryEntry,
};

/// A bootstrap file without faults, its secrets fetched. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document(pub(super) Arc<Content>);

/// What a file declares.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) territories: Vec<Checked<TerritoryEntry>>,
    pub(super) services: Vec<Checked<ServiceEntry>>,
    pub(super) organizations: Vec<Checked<OrganizationEntry>>,
    pub(super) groups: Vec<Checked<GroupEntry>>,
    pub(super) accounts: Vec<CheckedAccount>,
    pub(super) apps: Vec<Checked<AppEntry>>,
    pub(super) clients: Vec<CheckedClient>,
    demo: bool,
}

impl Document {
    /// Reads a file. With `demo`, secrets may be weak or known; applying such a file marks the database.
    ///
    /// # Errors
    /// [`BootstrapError::Syntax`] for what is no YAML or not of this form, [`BootstrapError::Invalid`] with every fault.
    pub fn parse(text: &str, sources: &SecretSources<'_>, demo: bool) -> Result<Self, BootstrapError> {
        let file: File = ::bootstrap::read(text)?;
        let mut checker = Checker::new(sources);
        let mut content = Content {
            territories: named::check(file.territories, &mut checker),
            services: named::check(file.services, &mut checker),
            organizations: named::check(file.organizations, &mut checker),
            groups: named::check(file.groups, &mut checker),
            accounts: accounts::check(file.accounts, &mut checker),
            apps: named::check(file.apps, &mut checker),
            clients: clients::check(file.clients, &mut checker),
            demo: false,
        };
        let Checker { mut faults, weak, .. } = checker;
        content.demo = !weak.is_empty();
        if !demo {
            faults.extend(weak);
        }
        faults.into_result(Self(Arc::new(content))).map_err(BootstrapError::Invalid)
    }

    /// The same for a file and the secrets it names.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn of(source: &Source, demo: bool) -> Result<Self, BootstrapError> {
        Self::parse(source.text(), &source.secrets(), demo)
    }

    /// Whether it holds secrets that only a demo may have.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.0.demo
    }
}
