//! What this process has read of the feed, so that a look at a token costs one small query at most, and none while the
//! counter was looked at just now ([`lease`](super::lease)).
//!
//! Every entry moves the feed's counter in its own transaction. So whoever finds the counter where this process has read
//! to knows every revocation there is, whichever process made it; whoever finds it elsewhere reads on first. The answer is
//! that of the database as it was when the counter was read (contracts/oauth2.md §5).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use auth_claims::claims::AccessClaims;
use auth_claims::revocations::{RevocationIndex, RevocationReason};
use chrono::{DateTime, Utc};
use store::{DbConn, StoreError};

use super::lease::Lease;
use super::names::Names;
use super::{PAGE, list_after};
use crate::accounts::AccountId;

/// Seconds after which outdated revocations are dropped, when the feed is read on.
const PRUNE: i64 = 60;

/// The feed as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Known {
    index: RwLock<RevocationIndex>,
    /// All entries up to this number are in the index.
    position: AtomicI64,
    /// Held by the one who reads on: when the index was last pruned.
    reader: Mutex<i64>,
    /// How long the counter need not be looked at again.
    pub(super) lease: Lease,
    /// What else was read with the counter.
    pub(super) names: Names,
}

/// Of whom somebody asks whether they are revoked.
#[derive(Debug, Clone)]
pub(super) enum Suspect {
    Token(Box<AccessClaims>),
    /// What an account had at this instant.
    Account(AccountId, DateTime<Utc>),
}

/// The index lacks entries.
#[derive(Debug)]
pub(super) struct Behind;

impl Known {
    /// Why this token is revoked, if it is, when the counter stood at `last`.
    pub(super) fn token(&self, claims: &AccessClaims, last: i64) -> Result<Option<RevocationReason>, Behind> {
        self.at(last).map(|index| index.find(claims))
    }

    /// Why everything is revoked that this account had at an instant, if it is, when the counter stood at `last`.
    pub(super) fn account(
        &self,
        account: AccountId,
        issued_at: DateTime<Utc>,
        last: i64,
    ) -> Result<Option<RevocationReason>, Behind> {
        self.at(last).map(|index| index.find_account(&account.to_string(), issued_at.timestamp()))
    }

    fn at(&self, last: i64) -> Result<RwLockReadGuard<'_, RevocationIndex>, Behind> {
        // The lock first: with another index comes another position.
        let index = self.index();
        if self.position.load(Ordering::Acquire) == last { Ok(index) } else { Err(Behind) }
    }

    /// Why a suspect is revoked, if it is, as of now. Reads on by a page, unless somebody else is about to, and asks the
    /// database about this one while that is not the end.
    pub(super) fn read_on(
        &self,
        conn: &mut DbConn,
        suspect: &Suspect,
        now: i64,
    ) -> Result<Option<RevocationReason>, StoreError> {
        if let Ok(mut pruned_at) = self.reader.try_lock() {
            let complete = self.read_page(conn)?;
            if now.saturating_sub(*pruned_at) >= PRUNE {
                self.index().prune(now);
                *pruned_at = now;
            }
            if complete {
                return Ok(suspect.revoked_by(&self.index()));
            }
        }
        suspect.ask(conn)
    }

    /// Whether that was the end of the feed.
    fn read_page(&self, conn: &mut DbConn) -> Result<bool, StoreError> {
        let after = self.position.load(Ordering::Acquire);
        let page = list_after(conn, after)?;
        if page.next < after {
            // An older database stands behind it: what was known is another one's.
            tracing::warn!(expected = after, got = page.next, "the revocations start over");
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            *index = RevocationIndex::new();
            self.position.store(0, Ordering::Release);
        }
        let index = self.index();
        for entry in &page.entries {
            index.apply(entry);
        }
        self.position.store(page.next, Ordering::Release);
        Ok(page.entries.len() < PAGE as usize)
    }

    fn index(&self) -> RwLockReadGuard<'_, RevocationIndex> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Suspect {
    fn revoked_by(&self, index: &RevocationIndex) -> Option<RevocationReason> {
        match self {
            Self::Token(claims) => index.find(claims),
            Self::Account(account, issued_at) => {
                index.find_account(&account.to_string(), issued_at.timestamp())
            }
        }
    }

    fn ask(&self, conn: &mut DbConn) -> Result<Option<RevocationReason>, StoreError> {
        match self {
            Self::Token(claims) => super::find(conn, claims),
            Self::Account(account, issued_at) => super::find_of_account(conn, *account, *issued_at),
        }
    }
}
