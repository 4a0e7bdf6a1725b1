//! What was told to the authorization server and did not come to its commit is put right: it is told what holds.
//!
//! | an intent | what a repair does |
//! | --- | --- |
//! | of a change that is under way | waits for the change, whose commit removes it |
//! | younger than [`SETTLED`] | tells what the row says, and leaves it: the change that noted it may still be under way |
//! | older | tells what the row says, and removes it |
//!
//! A change that was told and not confirmed may arrive as long as nothing else was told, and nothing after that. A repair is
//! something else; young intents are told of again all the same, since the change that noted one may be about to tell.

use std::sync::Arc;
use std::time::Duration;

use auth_client::applications::RegistryError;
use chrono::TimeDelta;
use tokio::task::JoinHandle;

use crate::app::{App, AppError};
use crate::change::{status, tell};
use crate::domain::id::ApplicationId;
use crate::store::{applications, intents, lock};

/// After so long nothing of a change is under way any more: it waits seconds for its turn, for a connection, for the lock,
/// and for the confirmation, and the authorization server gives up on what it has waited for in its own database.
pub const SETTLED: TimeDelta = TimeDelta::seconds(60);
/// From the end of a pass to the next.
const PAUSE: Duration = Duration::from_secs(3);
/// The same after many passes that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// So many applications are looked up at once.
const BATCH: i64 = 100;

/// The task that repairs, at its start and every few seconds. Stops when it is dropped.
#[derive(Debug)]
pub struct Repair(JoinHandle<()>);

impl Repair {
    /// Starts it.
    #[must_use]
    pub fn spawn(app: Arc<App>) -> Self {
        Self(tokio::spawn(run(app)))
    }
}

impl Drop for Repair {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(app: Arc<App>) {
    let mut pause = PAUSE;
    loop {
        match app.repair().await {
            Ok(told) => {
                if told > 0 {
                    tracing::info!(
                        told,
                        "told the authorization server again what holds for {told} applications"
                    );
                }
                pause = PAUSE;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot repair what the authorization server knows of applications: {error}");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

impl App {
    /// One pass over everything that needs a repair; how many applications were told of. What is refused for one
    /// application keeps no other waiting; anything else ends the pass, since it would meet the next one too.
    ///
    /// # Errors
    /// The authorization server does not confirm, or the database fails; the next pass begins anew.
    #[tracing::instrument(name = "applications.repair", skip_all)]
    pub async fn repair(&self) -> Result<usize, AppError> {
        let (mut told, mut behind, mut refused) = (0, None, None);
        loop {
            let from = behind.clone();
            let batch =
                self.db.read(move |conn| intents::list_applications(conn, from.as_ref(), BATCH)).await?;
            let Some(last) = batch.last().cloned() else { return refused.map_or(Ok(told), Err) };
            for id in batch {
                match self.repair_one(id).await {
                    Ok(done) => told += usize::from(done),
                    Err(error @ AppError::Registry(RegistryError::Refused(_))) => refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
            behind = Some(last);
        }
    }

    async fn repair_one(&self, id: ApplicationId) -> Result<bool, AppError> {
        let (registry, clock) = (Arc::clone(&self.registry), self.clock.clone());
        let work = self.db.write(move |conn| {
            lock::hold(conn, &id)?;
            if !intents::exist(conn, &id)? {
                return Ok::<_, AppError>(false);
            }
            let application = applications::find(conn, &id)?;
            tell(conn, &*registry, &id, status(application.as_ref()).as_ref())?;
            intents::remove_until(conn, &id, clock.now() - SETTLED)?;
            Ok(true)
        });
        work.await
    }
}
