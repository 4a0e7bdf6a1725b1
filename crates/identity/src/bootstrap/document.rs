//! Reading a file: everything that can be wrong with it without looking into a database.

use std::sync::Arc;

use super::{
    BootstrapError, SecretSources,
    accounts::{self, CheckedAccount},
    clients::{self, CheckedClient},
    groups::GroupEntry,
    named::{self, Checked},
    organizations::OrganizationEntry,
    secrets::Checker,
    sections::File,
    services::ServiceEntry,
    territories::TerritoryEntry,
};

/// A file of ten thousand accounts is smaller.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;

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
    pub(super) clients: Vec<CheckedClient>,
    demo: bool,
}

impl Document {
    /// Reads a file. With `demo`, secrets may be weak or known; applying such a file marks the database.
    ///
    /// # Errors
    /// [`BootstrapError::Syntax`] for what is no YAML or not of this form, [`BootstrapError::Invalid`] with every fault.
    pub fn parse(text: &str, sources: &SecretSources<'_>, demo: bool) -> Result<Self, BootstrapError> {
        let file = read(text)?;
        let mut checker = Checker::new(sources);
        let mut content = Content {
            territories: named::check(file.territories, &mut checker),
            services: named::check(file.services, &mut checker),
            organizations: named::check(file.organizations, &mut checker),
            groups: named::check(file.groups, &mut checker),
            accounts: accounts::check(file.accounts, &mut checker),
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

    /// Whether it holds secrets that only a demo may have.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.0.demo
    }
}

fn read(text: &str) -> Result<File, BootstrapError> {
    if text.len() > MAX_BYTES {
        return Err(BootstrapError::Syntax(format!("the file is longer than {MAX_BYTES} bytes")));
    }
    // No snippets: the lines around a mistake may hold secrets.
    let options = serde_saphyr::options! { with_snippet: false };
    let mut path = String::new();
    let file = serde_saphyr::with_deserializer_from_str_with_options(text, options, |yaml| {
        // An empty document is null.
        serde_path_to_error::deserialize::<_, Option<File>>(yaml).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    file.map(Option::unwrap_or_default).map_err(|error| {
        let message = error.to_string();
        let nowhere = path.is_empty() || path == "." || path == "?";
        BootstrapError::Syntax(if nowhere { message } else { format!("{path}: {message}") })
    })
}
