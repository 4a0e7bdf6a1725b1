//! Planning and applying.

use std::collections::HashMap;

use ::bootstrap::Syntax;
use store::{DbConn, StoreCause, StoreError};

use super::{Change, Document, accounts, clients, groups, named, pass::Pass, prune::prune};
use crate::{
    act::Act,
    audit::Origin,
    errors::IdentityError,
    facts::{self, Fact},
    faults::Faults,
    identity::Identity,
    passwords::EncodedHash,
};

/// Why a file is not applied. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// It is no YAML, or not of the form of a bootstrap file.
    #[error("{0}")]
    Syntax(String),
    /// Something in it is wrong: one fault a line, each with its path.
    #[error("{}", .0.lines())]
    Invalid(Faults),
    /// The directory failed.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<Syntax> for BootstrapError {
    fn from(error: Syntax) -> Self {
        Self::Syntax(error.to_string())
    }
}

/// How a transaction ends: a plan is rolled back like a failure.
enum Ending {
    Planned(Vec<Change>),
    Failed(BootstrapError),
}

impl<E: Into<IdentityError>> From<E> for Ending {
    fn from(error: E) -> Self {
        Self::Failed(BootstrapError::Failed(error.into()))
    }
}

impl StoreCause for Ending {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(BootstrapError::Failed(error)) => error.store_error(),
            _ => None,
        }
    }
}

impl Identity {
    /// What applying a file would change. Leaves nothing behind.
    ///
    /// # Errors
    /// [`BootstrapError`].
    pub async fn plan_bootstrap(
        &self,
        document: &Document,
        prune: bool,
        origin: &Origin,
    ) -> Result<Vec<Change>, BootstrapError> {
        self.run(document, Run { prune, planning: true, hashes: HashMap::new() }, origin).await
    }

    /// Makes the directory what a file declares, and returns what has changed.
    ///
    /// # Errors
    /// [`BootstrapError`]; nothing has changed then.
    pub async fn apply_bootstrap(
        &self,
        document: &Document,
        prune: bool,
        origin: &Origin,
    ) -> Result<Vec<Change>, BootstrapError> {
        let hashes = self.hash_ahead(document).await?;
        self.run(document, Run { prune, planning: false, hashes }, origin).await
    }

    /// Whether the database holds accounts and clients whose secrets are public.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn holds_demo_data(&self) -> Result<bool, IdentityError> {
        Ok(self.db.read(|conn| facts::find(conn, Fact::Demo)).await?.is_some())
    }

    /// Refuses a database with demo data; for every start outside demo mode (threat 22).
    ///
    /// # Errors
    /// [`IdentityError::DemoDatabase`].
    pub async fn require_not_demo(&self) -> Result<(), IdentityError> {
        if self.holds_demo_data().await? { Err(IdentityError::DemoDatabase) } else { Ok(()) }
    }

    /// Hashes new passwords before the transaction, which would otherwise hold its locks meanwhile.
    async fn hash_ahead(&self, document: &Document) -> Result<HashMap<String, EncodedHash>, IdentityError> {
        let (secrets, wanted) = (self.secrets.clone(), document.clone());
        let needed = self.db.read(move |conn| accounts::to_hash(conn, &secrets, &wanted.0.accounts)).await?;
        let mut hashes = HashMap::with_capacity(needed.len());
        for (login, password) in needed {
            hashes.insert(login, self.hasher.hash(&password).await?);
        }
        Ok(hashes)
    }

    async fn run(
        &self,
        document: &Document,
        run: Run,
        origin: &Origin,
    ) -> Result<Vec<Change>, BootstrapError> {
        let (identity, document, act) = (self.clone(), document.clone(), self.act(origin));
        let outcome = self.write_revoking(move |conn| transact(conn, &identity, &document, &run, &act)).await;
        self.clients.changed();
        match outcome {
            Ok(changes) | Err(Ending::Planned(changes)) => Ok(changes),
            Err(Ending::Failed(error)) => Err(error),
        }
    }
}

struct Run {
    prune: bool,
    planning: bool,
    hashes: HashMap<String, EncodedHash>,
}

fn transact(
    conn: &mut DbConn,
    identity: &Identity,
    document: &Document,
    run: &Run,
    act: &Act,
) -> Result<Vec<Change>, Ending> {
    // Of two replicas that apply the same file at their start, the second one finds everything done.
    facts::lock(conn)?;
    let mut pass = Pass::new(act, &identity.secrets, &identity.hasher, &run.hashes, run.planning);
    // What is referred to comes before what refers to it.
    named::reconcile(conn, &mut pass, &document.0.territories)?;
    named::reconcile(conn, &mut pass, &document.0.services)?;
    named::reconcile(conn, &mut pass, &document.0.organizations)?;
    named::reconcile(conn, &mut pass, &document.0.groups)?;
    for entry in &document.0.accounts {
        accounts::reconcile(conn, &mut pass, entry)?;
    }
    named::reconcile(conn, &mut pass, &document.0.apps)?;
    groups::reconcile_people(conn, &mut pass, &document.0.groups)?;
    for entry in &document.0.clients {
        clients::reconcile(conn, &mut pass, entry)?;
    }
    if run.prune && pass.faults.is_empty() {
        prune(conn, &mut pass)?;
    }
    if document.is_demo() {
        facts::note(conn, Fact::Demo, "true")?;
    }
    let Pass { changes, faults, .. } = pass;
    if !faults.is_empty() {
        return Err(Ending::Failed(BootstrapError::Invalid(faults)));
    }
    if run.planning { Err(Ending::Planned(changes)) } else { Ok(changes) }
}
