//! Deleting what nobody needs any more, so that tables stay bounded without anybody's cron job.
//!
//! | rows | go |
//! | --- | --- |
//! | of [`EXPIRED`] | when the instant in their column is as long ago as is said there |
//! | of applications that are gone | a day later (`applications::revisions`) |
//! | of the audit trail | when they are as old as the settings say, from the beginning of the chain (`audit::chain`) |
//!
//! `store::pruning` says how: in small transactions, by one process at a time. Signing keys are no part of it: their rotation
//! deletes them. What has no time (accounts, groups, absences, …) is somebody's to delete.
//!
//! To add a table: a line in [`EXPIRED`] and an index that begins with the column; a test of the suite `growth` asks for it.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use store::Lease;
use store::pruning::{Expired, Job, PruneSettings, Pruner, Step};

use crate::applications::revisions;
use crate::errors::IdentityError;
use crate::master::Secrets;
use crate::throttle::familiar;
use crate::{Identity, account_tokens, audit, directory_search};

/// The database, in metrics.
const DATABASE: &str = "identity";
/// The audit trail by age.
const AUDIT: Expired = Expired::new("audit_events", "at");

/// Whose turn it is to prune.
pub const LEASE: Lease = Lease { table: "identity_leases", name: "pruning" };

/// Tables by the column that says when a row is over, and how long it is kept afterwards.
pub const EXPIRED: [(Expired, TimeDelta); 8] = [
    (Expired::new("revocations", "expires_at"), TimeDelta::zero()),
    // One that was revoked stays until then, to be told from an unknown one.
    (Expired::new("refresh_families", "expires_at"), TimeDelta::zero()),
    (Expired::new("device_sessions", "expires_at"), TimeDelta::zero()),
    (Expired::new("trusted_devices", "expires_at"), TimeDelta::zero()),
    (Expired::new("client_secrets", "expires_at"), TimeDelta::zero()),
    (Expired::new("lockouts", "expires_at"), TimeDelta::zero()),
    (Expired::new("familiar_networks", "seen_at"), familiar::KEPT),
    (Expired::new("account_tokens", "deleted_at"), account_tokens::KEPT),
];

/// Shows what is counted of pruning from the start on.
pub fn register_metrics() {
    let tables = EXPIRED.into_iter().map(|(rows, _)| rows.table).chain([revisions::TABLE, AUDIT.table]);
    store::pruning::register(DATABASE, tables);
}

/// What a process remembers of its passes.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// Every application of which nothing was told since is there.
    applications: Mutex<Option<NaiveDateTime>>,
}

impl Identity {
    /// Deletes what is over, and audit events older than `audit_kept` when that is given, in batches of the usual size. Returns
    /// how many rows went. Every replica may call it at any time: one works, the others return at once.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn prune(&self, audit_kept: Option<TimeDelta>) -> Result<usize, IdentityError> {
        self.prune_in_batches(audit_kept, PruneSettings::default().batch).await
    }

    /// The same, with at most `batch` rows in one transaction.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "identity.prune", skip_all)]
    pub async fn prune_in_batches(
        &self,
        audit_kept: Option<TimeDelta>,
        batch: NonZeroU32,
    ) -> Result<usize, IdentityError> {
        directory_search::complete_keys(self.db()).await?;
        let now = self.clock().now();
        let mut jobs: Vec<Job> =
            EXPIRED.into_iter().filter_map(|(rows, kept)| expired(rows, kept, now)).collect();
        let gone_before = now - revisions::KEPT;
        jobs.push(revisions::job(*self.looked_through(), gone_before.naive_utc()));
        if let Some(before) = audit_kept.and_then(|kept| now.checked_sub_signed(kept)) {
            // Only what is sealed can go.
            while self.seal_audit().await?.events > 0 {}
            jobs.push(audit_job(self.secrets().clone(), before));
        }
        let pass = Pruner::new(self.db().clone(), DATABASE, LEASE).run(jobs, batch.get(), now).await?;
        if pass.done {
            *self.looked_through() = Some(gone_before.naive_utc());
        }
        Ok(pass.deleted)
    }

    fn looked_through(&self) -> std::sync::MutexGuard<'_, Option<NaiveDateTime>> {
        self.pruned.applications.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn expired(rows: Expired, kept: TimeDelta, now: DateTime<Utc>) -> Option<Job> {
    Some(Job::expired(rows, now.checked_sub_signed(kept)?))
}

/// The chain decides what may go: its beginning.
fn audit_job(secrets: Secrets, before: DateTime<Utc>) -> Job {
    let secrets = Arc::new(secrets);
    Job::new(
        AUDIT.table,
        move |conn| AUDIT.exist(conn, before - TimeDelta::microseconds(1)),
        move |conn, _, limit| {
            let deleted = audit::chain::prune(conn, &secrets, before, limit)?;
            let next = (deleted > 0).then(|| (before.naive_utc(), String::new()));
            Ok(Step { deleted, next })
        },
    )
}
