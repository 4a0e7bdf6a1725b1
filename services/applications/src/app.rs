//! What handlers share, and their only way to the database.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use auth_client::applications::{ApplicationRegistry, RegistryError};
use store::{Db, StoreCause, StoreError};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::change::{Change, Decide};
use crate::domain::access::Listing;
use crate::domain::application::{Application, Checked};
use crate::domain::id::{ApplicationId, OrganizationId};
use crate::domain::refusal::Refusal;
use crate::domain::sort::Sort;
use crate::settings::ApplicationsSettings;
use crate::store::applications;
use crate::store::lists::{self, Counted, NoPage, Part};

/// How long a change waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The rules are against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The authorization server has not confirmed what it was told. Nothing was changed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreCause for AppError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) | Self::Registry(_) => None,
        }
    }
}

/// The running service, as handlers see it.
pub struct App {
    pub(crate) db: Db,
    pub(crate) registry: Arc<dyn ApplicationRegistry>,
    /// Changes wait for the authorization server with a connection in their hands: half of them are left for readers,
    /// who do not wait for it.
    turns: Semaphore,
    /// The settings.
    pub settings: ApplicationsSettings,
    /// The time.
    pub clock: Clock,
}

impl App {
    /// A service on this database, which has been brought up to date.
    #[must_use]
    pub fn new(
        db: Db,
        settings: ApplicationsSettings,
        registry: Arc<dyn ApplicationRegistry>,
        clock: Clock,
    ) -> Self {
        let turns = Semaphore::new((settings.database.max_connections as usize / 2).max(1));
        Self { db, registry, turns, settings, clock }
    }

    /// The application of this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, id: ApplicationId) -> Result<Option<Application>, AppError> {
        Ok(self.db.look_up(move |conn| applications::find(conn, &id)).await?)
    }

    /// Whether an application has this id, of this organisation or of any.
    ///
    /// # Errors
    /// The database's.
    pub async fn is_taken(
        &self,
        id: ApplicationId,
        within: Option<OrganizationId>,
    ) -> Result<bool, AppError> {
        Ok(self.db.look_up(move |conn| applications::is_taken(conn, &id, within.as_ref())).await?)
    }

    /// A part of a list and the length of all of it, in two queries.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(
        &self,
        listing: Listing,
        sort: Sort,
        offset: i64,
        limit: i64,
    ) -> Result<Counted<Application>, NoPage> {
        let part = Part { offset, limit, room: 0 };
        self.render_page(listing, sort, part, |application| (application, 0)).await
    }

    /// The same, each application rendered as it is read, to something of some size.
    ///
    /// # Errors
    /// [`NoPage`].
    pub async fn render_page<T: Send + 'static>(
        &self,
        listing: Listing,
        sort: Sort,
        part: Part,
        render: impl Fn(Application) -> (T, usize) + Send + 'static,
    ) -> Result<Counted<T>, NoPage> {
        self.db.read(move |conn| lists::page(conn, &listing, &sort, part, &render)).await
    }

    /// Stores a new application, and has the authorization server know it.
    ///
    /// # Errors
    /// [`Refusal::IdTaken`], by an application of whatever organisation; [`AppError`].
    pub async fn create(self: &Arc<Self>, new: Checked) -> Result<(), AppError> {
        let id = new.id.clone();
        let decide = move |found: Option<&Application>| match found {
            None => Ok(Some(new.clone())),
            Some(_) => Err(Refusal::IdTaken),
        };
        self.run(id, decide).await.map(drop)
    }

    /// Changes an application to what `decide` makes of it, which sees it as the change before has left it. It is asked
    /// more than once. Gives what was stored.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], those of `decide`, [`AppError`].
    pub async fn change<F>(
        self: &Arc<Self>,
        id: ApplicationId,
        mut decide: F,
    ) -> Result<Application, AppError>
    where
        F: FnMut(&Application) -> Result<Checked, Refusal> + Clone + Send + 'static,
    {
        let decide =
            move |found: Option<&Application>| found.ok_or(Refusal::Unknown).and_then(&mut decide).map(Some);
        let after = self.run(id, decide).await?;
        after.map(Checked::into_inner).ok_or(AppError::Refused(Refusal::Unknown))
    }

    /// Removes an application unless `decide` is against it, and ends what was granted through it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], those of `decide`, [`AppError`].
    pub async fn delete<F>(self: &Arc<Self>, id: ApplicationId, mut decide: F) -> Result<(), AppError>
    where
        F: FnMut(&Application) -> Result<(), Refusal> + Clone + Send + 'static,
    {
        let decide = move |found: Option<&Application>| {
            found.ok_or(Refusal::Unknown).and_then(&mut decide).map(|()| None)
        };
        self.run(id, decide).await.map(drop)
    }

    /// Runs a change to its end, even when the client that wanted it hangs up: between what the authorization server is
    /// told and the commit there is nobody left who could.
    async fn run(
        self: &Arc<Self>,
        id: ApplicationId,
        decide: impl Decide,
    ) -> Result<Option<Checked>, AppError> {
        let app = Arc::clone(self);
        let task = async move {
            let turn = tokio::time::timeout(PATIENCE, app.turns.acquire()).await;
            let Ok(Ok(_turn)) = turn else {
                return Err(StoreError::Unavailable("too many changes at once".to_owned()).into());
            };
            let (registry, clock) = (Arc::clone(&app.registry), app.clock.clone());
            Change { id, registry, clock, decide }.run(&app.db).await
        };
        let outcome = tokio::spawn(task.in_current_span()).await;
        outcome.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }
}
