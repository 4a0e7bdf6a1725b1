//! Deleted accounts lose their roles in rooms. `store::leavers` says what becomes of the rooms.

use std::sync::Arc;

use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::leavers::{Belongings, Leavers};
use futures_util::future::{BoxFuture, FutureExt as _};
use store::{Db, StoreError};

use crate::audit;
use crate::domain::person::AccountId;
use crate::store::leavers;

/// The roles that accounts hold.
struct Roles {
    db: Db,
    clock: Clock,
}

/// Sees to the accounts that the feed behind this authenticator tells of, until the value is dropped.
pub(crate) fn watch(authenticator: &Authenticator, db: Db, clock: Clock) -> Leavers {
    Leavers::watch(authenticator.verifier().revocations(), Arc::new(Roles { db, clock }))
}

impl Belongings for Roles {
    fn service(&self) -> &'static str {
        "rooms"
    }

    fn holders_among(&self, accounts: Vec<String>) -> BoxFuture<'_, Result<Vec<String>, SourceError>> {
        // A name that is no id holds nothing here.
        let accounts: Vec<AccountId> = accounts.iter().filter_map(|account| account.parse().ok()).collect();
        let found = self.db.read(move |conn| leavers::holders_among(conn, &accounts));
        async move { found.await.map_err(|error: StoreError| SourceError::new(error.to_string())) }.boxed()
    }

    fn part_with(&self, account: String) -> BoxFuture<'_, Result<(), SourceError>> {
        async move {
            let Ok(account) = account.parse::<AccountId>() else { return Ok(()) };
            self.leave(account).await.map_err(|error| SourceError::new(error.to_string()))
        }
        .boxed()
    }
}

impl Roles {
    async fn leave(&self, account: AccountId) -> Result<(), StoreError> {
        loop {
            let now = self.clock.now();
            let departures = self.db.write(move |conn| leavers::leave(conn, account, now)).await?;
            if departures.is_empty() {
                return Ok(());
            }
            for departure in departures {
                audit::record_departure(account, departure);
            }
        }
    }
}
