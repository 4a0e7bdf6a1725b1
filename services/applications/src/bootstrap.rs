//! The section `applications` of bootstrap files: declared, and applied as often as one likes.
//!
//! Applying creates what is missing, changes what is declared and differs, and removes only with `prune`, and then only
//! what an earlier file made. A field that is not declared stays as it is. All that can be wrong is found before anything
//! is changed. Each application is changed by itself, the way the API changes it: the authorization server is told first.

mod document;
mod entry;
mod made;

use std::sync::Arc;

use ::bootstrap::{Action, Change, Faults, Source, Syntax};

pub use self::document::Document;
use self::entry::Declared;
use crate::app::{App, AppError};
use crate::domain::application::Application;
use crate::domain::id::ApplicationId;
use crate::domain::refusal::Refusal;

/// What one of them is called in reports.
const KIND: &str = "application";

/// Why a section is not applied.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The file cannot be read, is no YAML, or not of the form of a bootstrap file. Nothing was changed.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// Something in the section is wrong: one fault a line, each with its path. Nothing was changed.
    #[error("{}", .0.lines())]
    Invalid(Faults),
    /// An application could not be changed; those before it were.
    #[error("applications: {0}")]
    Failed(#[from] AppError),
}

impl App {
    /// What applying a section would change. Leaves nothing behind.
    ///
    /// # Errors
    /// [`BootstrapError`].
    pub async fn plan_bootstrap(
        &self,
        document: &Document,
        prune: bool,
    ) -> Result<Vec<Change>, BootstrapError> {
        let (mut changes, mut faults) = (Vec::new(), Faults::default());
        for declared in document.entries() {
            let current = self.find(declared.id.clone()).await?;
            match declared.over(current.as_ref(), self.clock.now()) {
                Ok((_, fields)) if fields.is_empty() => {}
                Ok((_, fields)) => {
                    let action = if current.is_some() { Action::Update } else { Action::Create };
                    changes.push(change(action, &declared.id, fields));
                }
                Err(error) => {
                    faults.push(
                        format!("{}.config.{}", declared.path, error.0),
                        "is required for type GENESYS",
                    );
                }
            }
        }
        if prune {
            let removed = self.prunable(document).await?;
            changes.extend(removed.iter().map(|application| change(Action::Delete, &application.id, vec![])));
        }
        faults.into_result(changes).map_err(BootstrapError::Invalid)
    }

    /// Makes the applications what a file declares, and returns what has changed.
    ///
    /// # Errors
    /// [`BootstrapError`].
    pub async fn apply_bootstrap(
        self: &Arc<Self>,
        document: &Document,
        prune: bool,
    ) -> Result<Vec<Change>, BootstrapError> {
        self.plan_bootstrap(document, false).await?;
        let mut changes = Vec::new();
        for declared in document.entries() {
            changes.extend(self.reconcile(declared).await?);
        }
        if prune {
            for application in self.prunable(document).await? {
                changes.extend(self.prune(&application).await?);
            }
        }
        Ok(changes)
    }

    /// Applies what is declared for the start, one file after the other. Each change is logged.
    ///
    /// # Errors
    /// [`BootstrapError`].
    pub async fn apply_at_start(self: &Arc<Self>, sources: &[Source]) -> Result<(), BootstrapError> {
        for source in sources {
            for change in self.apply_bootstrap(&Document::of(source)?, false).await? {
                tracing::info!("bootstrap: {change}");
            }
        }
        Ok(())
    }

    async fn reconcile(self: &Arc<Self>, declared: &Arc<Declared>) -> Result<Option<Change>, AppError> {
        let now = self.clock.now();
        match self.find(declared.id.clone()).await? {
            None => match self.create_declared(declared).await {
                // Of two replicas that apply the same file at their start, the second one finds everything done.
                Err(AppError::Refused(Refusal::IdTaken)) => self.update(declared).await,
                outcome => outcome.map(Some),
            },
            Some(current) => {
                let (_, fields) = declared.over(Some(&current), now).map_err(Refusal::from)?;
                if fields.is_empty() { Ok(None) } else { self.update(declared).await }
            }
        }
    }

    async fn create_declared(self: &Arc<Self>, declared: &Declared) -> Result<Change, AppError> {
        let (new, fields) = declared.over(None, self.clock.now()).map_err(Refusal::from)?;
        // Noted first: a note about an application that never came to be is about nothing.
        let (id, created_at) = (new.id.clone(), new.created_at);
        self.db.write(move |conn| made::note(conn, &id, created_at)).await?;
        self.create(new).await?;
        Ok(change(Action::Create, &declared.id, fields))
    }

    async fn update(self: &Arc<Self>, declared: &Arc<Declared>) -> Result<Option<Change>, AppError> {
        let (wanted, clock) = (Arc::clone(declared), self.clock.clone());
        let before = self.find(declared.id.clone()).await?;
        let decide = move |current: &Application| Ok(wanted.over(Some(current), clock.now())?.0);
        self.change(declared.id.clone(), decide).await?;
        // Told of the state that was seen last; the change itself looked again.
        let fields = declared.over(before.as_ref(), self.clock.now()).map_err(Refusal::from)?.1;
        Ok((!fields.is_empty()).then(|| change(Action::Update, &declared.id, fields)))
    }

    /// Applications that earlier files made and this one does not declare.
    async fn prunable(&self, document: &Document) -> Result<Vec<Application>, AppError> {
        let notes = self.db.read(made::list).await?;
        let mut prunable = Vec::new();
        for (id, created_at) in notes {
            if document.entries().any(|declared| declared.id == id) {
                continue;
            }
            let found = self.find(id).await?;
            // Another application of the same id, which somebody has made since, is not ours to remove.
            prunable.extend(found.filter(|application| application.created_at == created_at));
        }
        Ok(prunable)
    }

    async fn prune(self: &Arc<Self>, application: &Application) -> Result<Option<Change>, AppError> {
        let (id, created_at) = (application.id.clone(), application.created_at);
        let own = move |found: &Application| {
            if found.created_at == created_at { Ok(()) } else { Err(Refusal::Unknown) }
        };
        let removed = match self.delete(id.clone(), own).await {
            Ok(()) => Some(change(Action::Delete, &id, vec![])),
            Err(AppError::Refused(Refusal::Unknown)) => None,
            Err(error) => return Err(error),
        };
        self.db.write(move |conn| made::forget(conn, &id)).await?;
        Ok(removed)
    }
}

fn change(action: Action, id: &ApplicationId, fields: Vec<&'static str>) -> Change {
    Change { action, kind: KIND, id: id.to_string(), fields }
}
