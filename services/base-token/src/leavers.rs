//! Deleted accounts lose their workspaces, tokens, links and shares. `store::leavers` says what becomes of which.

use std::sync::Arc;

use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::leavers::{Belongings, Leavers};
use futures_util::future::{BoxFuture, FutureExt as _};
use store::{Db, StoreError};

use crate::audit;
use crate::domain::id::AccountId;
use crate::store::leavers;

/// What accounts have here.
struct Property {
    db: Db,
    clock: Clock,
}

/// Sees to the accounts that the feed behind this authenticator tells of, until the value is dropped.
pub(crate) fn watch(authenticator: &Authenticator, db: Db, clock: Clock) -> Leavers {
    Leavers::watch(authenticator.verifier().revocations(), Arc::new(Property { db, clock }))
}

impl Belongings for Property {
    fn service(&self) -> &'static str {
        "bases"
    }

    fn holders_among(&self, accounts: Vec<String>) -> BoxFuture<'_, Result<Vec<String>, SourceError>> {
        // A name that is no id has nothing here.
        let accounts: Vec<AccountId> = accounts.iter().filter_map(|account| account.parse().ok()).collect();
        let now = self.clock.now();
        let found = self.db.read(move |conn| leavers::holders_among(conn, &accounts, now));
        async move { found.await.map_err(|error: StoreError| SourceError::new(error.to_string())) }.boxed()
    }

    fn part_with(&self, account: String) -> BoxFuture<'_, Result<(), SourceError>> {
        async move {
            let Ok(account) = account.parse::<AccountId>() else { return Ok(()) };
            let (now, leaver) = (self.clock.now(), account.clone());
            let left = self.db.write(move |conn| leavers::leave(conn, &leaver, now)).await;
            let left = left.map_err(|error: StoreError| SourceError::new(error.to_string()))?;
            audit::record_leaver(&account, left);
            Ok(())
        }
        .boxed()
    }
}
