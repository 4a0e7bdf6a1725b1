//! The networks from which an account has signed in: where its owner is not locked out by what others try.
//!
//! Kept as keyed hashes of account and network, so that the table tells nobody where people are. Bounded for each account
//! and forgotten after [`KEPT`].

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::Network;
use crate::accounts::AccountId;
use crate::master::{Purpose, Secrets};

diesel::table! {
    familiar_networks (account_id, network_mac) {
        account_id -> Text,
        network_mac -> Binary,
        seen_at -> Timestamp,
    }
}

/// How many an account has at most; a new one takes the place of the one not seen for the longest time.
const MOST: i64 = 16;

/// How long one is familiar after the last sign-in from there.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(180);

/// A sign-in this soon after the noted one is not noted again.
const REFRESHED: TimeDelta = TimeDelta::days(1);

/// A network as one account knows it.
#[derive(Debug, Clone)]
pub(crate) struct Familiar {
    mac: [u8; 32],
    seen_at: Option<DateTime<Utc>>,
}

impl Familiar {
    /// Looks it up. Nobody's account costs the same query (threat 17).
    pub(crate) fn look(
        conn: &mut DbConn,
        secrets: &Secrets,
        account: Option<AccountId>,
        network: &Network,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let account = account.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
        let mac = secrets.mac(Purpose::FamiliarNetwork, &[account.as_bytes(), network.as_bytes()].concat());
        let noted = familiar_networks::table.find((account, mac.to_vec())).select(familiar_networks::seen_at);
        let seen_at: Option<NaiveDateTime> = on_backend!(conn, |c| noted.get_result(c).optional())?;
        let seen_at = seen_at.map(|seen| seen.and_utc()).filter(|seen| *seen > now - KEPT);
        Ok(Self { mac, seen_at })
    }

    /// Whether the account has signed in from there.
    pub(crate) const fn is_known(&self) -> bool {
        self.seen_at.is_some()
    }

    /// Whether a sign-in is worth noting.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.seen_at.is_none_or(|seen| seen <= now - REFRESHED)
    }

    /// Notes that the account has signed in from there.
    pub(crate) fn note(
        &self,
        conn: &mut DbConn,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (account, seen_at) = (account.to_string(), familiar_networks::seen_at.eq(now.naive_utc()));
        let row = (
            familiar_networks::account_id.eq(&account),
            familiar_networks::network_mac.eq(self.mac.to_vec()),
            seen_at,
        );
        on_backend!(conn, |c| diesel::insert_into(familiar_networks::table)
            .values(row)
            .on_conflict((familiar_networks::account_id, familiar_networks::network_mac))
            .do_update()
            .set(seen_at)
            .execute(c))?;
        let surplus: Vec<Vec<u8>> = familiar_networks::table
            .filter(familiar_networks::account_id.eq(&account))
            .order((familiar_networks::seen_at.desc(), familiar_networks::network_mac))
            .select(familiar_networks::network_mac)
            .offset(MOST)
            .limit(MOST)
            .load(conn)?;
        for mac in surplus {
            diesel::delete(familiar_networks::table.find((&account, mac))).execute(conn)?;
        }
        Ok(())
    }
}
