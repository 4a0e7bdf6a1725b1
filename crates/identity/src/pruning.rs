//! Deleting what has expired, so that tables stay bounded without anybody's cron job.

use chrono::{DateTime, TimeDelta, Utc};
use store::{DbConn, StoreError};

use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::master::Secrets;
use crate::throttle::familiar;
use crate::{
    Identity, account_tokens, applications, audit, device_sessions, directory_search, otp, refresh,
    revocations,
};

/// Rows of one table that one transaction deletes: few enough that nobody waits for long behind it.
const BATCH: u32 = 500;

impl Identity {
    /// Deletes expired revocations, refresh tokens and device sessions, the memory of applications long gone, networks
    /// nobody has signed in from for long, trust in devices that has ended, and audit events older than `audit_kept` when
    /// that is given.
    /// Returns how many rows went. Every replica may call it at any time: one works, the others return at once.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "identity.prune", skip_all)]
    pub async fn prune(&self, audit_kept: Option<TimeDelta>) -> Result<usize, IdentityError> {
        let now = self.clock().now();
        directory_search::complete_keys(self.db()).await?;
        let audit_before = audit_kept.and_then(|kept| now.checked_sub_signed(kept));
        // Only what is sealed can go.
        while self.seal_audit().await?.events > 0 {}
        let mut deleted = 0;
        loop {
            let secrets = self.secrets().clone();
            let batch =
                self.db().write(move |conn| prune_batch(conn, &secrets, now, audit_before)).await?;
            deleted += batch;
            if batch == 0 {
                return Ok(deleted);
            }
        }
    }
}

fn prune_batch(
    conn: &mut DbConn,
    secrets: &Secrets,
    now: DateTime<Utc>,
    audit_before: Option<DateTime<Utc>>,
) -> Result<usize, StoreError> {
    if !Lock::Pruning.try_take(conn)? {
        return Ok(0);
    }
    // First, before anything that somebody who tells of an application may wait for is locked.
    let mut deleted = applications::prune(conn, now, BATCH)?;
    deleted += revocations::prune(conn, now, BATCH)? + refresh::prune(conn, now, BATCH)?;
    deleted += device_sessions::prune(conn, now, BATCH)? + familiar::prune(conn, now, BATCH)?;
    deleted += otp::prune(conn, now, BATCH)? + account_tokens::prune(conn, now, BATCH)?;
    if let Some(before) = audit_before {
        deleted += audit::chain::prune(conn, secrets, before, BATCH)?;
    }
    Ok(deleted)
}
