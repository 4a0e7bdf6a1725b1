//! Deleting what nobody needs any more.
//!
//! | rows | go |
//! | --- | --- |
//! | what hangs on a base in the trash: API-Tokens, external links, shares | when its time there is over |
//! | the base itself | when nothing hangs on it any more |
//! | the workspace of a deleted account | with the last base that was in it |
//! | external links that have expired | when they have been shown as such for long enough |
//!
//! Each in transactions of a bounded number of rows, however many tokens a base has, by one process at a time: see
//! `store::pruning`. Signing keys are no part of it: their rotation deletes them.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use store::pruning::{Expired, Job, Pruner, register, repeatedly};
use store::{Db, Lease, StoreError};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::settings::BasesSettings;
use crate::store::overdue;

/// The database, in metrics.
const DATABASE: &str = "bases";

/// Whose turn it is to prune.
pub const LEASE: Lease = Lease { table: "bases_leases", name: "pruning" };

/// The task that prunes, at its start and every few minutes. Stops when it is dropped.
#[derive(Debug)]
pub struct Pruning(JoinHandle<()>);

impl Pruning {
    /// Starts it.
    #[must_use]
    pub fn spawn(app: Arc<App>) -> Self {
        register(
            DATABASE,
            overdue::BELONGINGS.into_iter().chain([overdue::BASES.table, overdue::WORKSPACES.table]),
        );
        Self(tokio::spawn(async move {
            repeatedly(app.settings.pruning.interval, || prune(&app.db, &app.clock, &app.settings)).await;
        }))
    }
}

impl Drop for Pruning {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Deletes what is over; how many rows went. Every replica may call it at any time: one works, the others return at once.
///
/// # Errors
/// The database's; what was deleted before stays away.
#[tracing::instrument(name = "bases.prune", skip_all)]
pub async fn prune(db: &Db, clock: &Clock, settings: &BasesSettings) -> Result<usize, StoreError> {
    let now = clock.now();
    let before = |kept: Duration| instant_before(now, kept);
    let (trashed, links) = (before(settings.trash_retention), before(settings.expired_links_kept));
    let links = links.map(|until| Job::expired(Expired::new("external_links", "expires_at"), until));
    // One after the other: what hangs on a base goes before the base, and that before its workspace.
    let turns: [Vec<Job>; 3] = [
        trashed.into_iter().flat_map(overdue::belongings).chain(links).collect(),
        trashed.into_iter().map(|until| Job::expired(overdue::BASES, until)).collect(),
        vec![Job::expired(overdue::WORKSPACES, now)],
    ];
    let pruner = Pruner::new(db.clone(), DATABASE, LEASE);
    let mut deleted = 0;
    for jobs in turns {
        let pass = pruner.run(jobs, settings.pruning.batch.get(), now).await?;
        deleted += pass.deleted;
        if !pass.done {
            break;
        }
    }
    Ok(deleted)
}

/// What no calendar holds is for ever.
fn instant_before(now: DateTime<Utc>, kept: Duration) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::from_std(kept).ok()?)
}
