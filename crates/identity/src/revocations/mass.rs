//! Revoking what many have at once: everybody, an organisation, a client, a person.
//!
//! It ends what was given out so far and disables nobody: who may sign in does so again. Accounts and clients are gone
//! through in transactions of a few, so that nobody waits long; each is revoked, audited and told by the feed on its own.
//! Interrupted, it has revoked some, and doing it again revokes the others; doing it twice only costs new sign-ins.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use serde::Serialize;
use serde_json::json;
use store::{DbConn, StoreError};

use super::{Revocation, revoke, revoke_but_app_passwords};
use crate::Identity;
use crate::accounts::{AccountFilter, AccountId};
use crate::act::Act;
use crate::audit::Origin;
use crate::clients::{ClientFilter, ClientId};
use crate::errors::IdentityError;
use crate::{account_tokens, app_passwords, device_sessions, refresh};

/// So many accounts or clients are revoked in one transaction.
const BATCH: i64 = 25;

/// Whose tokens end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Every account's and every client's.
    Everybody,
    /// Those of the members and the clients of an organisation.
    Organization(String),
    /// Those of a client, whoever it acts for.
    Client(ClientId),
    /// Those of an account.
    Account(AccountId),
}

impl Whose {
    /// For the audit trail.
    fn target(&self) -> String {
        match self {
            Self::Everybody => "everybody".to_owned(),
            Self::Organization(id) => id.clone(),
            Self::Client(id) => id.to_string(),
            Self::Account(id) => id.to_string(),
        }
    }

    fn accounts(&self) -> Option<AccountFilter> {
        match self {
            Self::Everybody => Some(AccountFilter::default()),
            Self::Organization(id) => {
                Some(AccountFilter { organization: Some(id.clone()), ..AccountFilter::default() })
            }
            Self::Client(_) | Self::Account(_) => None,
        }
    }

    fn clients(&self) -> Option<ClientFilter> {
        match self {
            Self::Everybody => Some(ClientFilter::default()),
            Self::Organization(id) => {
                Some(ClientFilter { organization: Some(id.clone()), ..ClientFilter::default() })
            }
            Self::Client(_) | Self::Account(_) => None,
        }
    }
}

/// What is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MassRevocation {
    /// Whose.
    pub whose: Whose,
    /// App passwords, too; what was issued for them ends in any case.
    pub app_passwords: bool,
}

/// What was revoked, or would be. Nobody counts the access tokens: they are not stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Accounts, all of whose access tokens end.
    pub accounts: usize,
    /// Clients, all of whose access tokens end.
    pub clients: usize,
    /// Refresh tokens' families that were alive. Counted ahead, one of an account and a client that are both meant counts
    /// for each.
    pub refresh_families: usize,
    /// Sessions of devices.
    pub device_sessions: usize,
    /// Account-Tokens.
    pub account_tokens: usize,
    /// App passwords.
    pub app_passwords: usize,
}

impl Revoked {
    fn add(&mut self, other: Self) {
        self.accounts += other.accounts;
        self.clients += other.clients;
        self.refresh_families += other.refresh_families;
        self.device_sessions += other.device_sessions;
        self.account_tokens += other.account_tokens;
        self.app_passwords += other.app_passwords;
    }
}

impl Identity {
    /// Counts what [`revoke_all`](Self::revoke_all) would end. Changes nothing.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`] for a client or an organisation that is not there; those of the database.
    pub async fn count_revocable(&self, mass: &MassRevocation) -> Result<Revoked, IdentityError> {
        self.go_through(mass, None).await
    }

    /// Ends sessions, refresh tokens, Account-Tokens and access tokens of all these, and app passwords if they are meant.
    /// Services refuse them as soon as the feed tells them.
    ///
    /// # Errors
    /// As [`count_revocable`](Self::count_revocable). What was revoked before stays so.
    pub async fn revoke_all(&self, mass: &MassRevocation, origin: &Origin) -> Result<Revoked, IdentityError> {
        let act = self.act(origin);
        let done = self.go_through(mass, Some(origin)).await?;
        let (target, detail) = (mass.whose.target(), json!(done));
        let record =
            move |conn: &mut DbConn| act.record(conn, "tokens.revoke_all", &target, Some(detail.clone()));
        self.db().write::<_, StoreError, _>(record).await?;
        Ok(done)
    }

    /// With an origin it revokes, without one it counts.
    async fn go_through(
        &self,
        mass: &MassRevocation,
        origin: Option<&Origin>,
    ) -> Result<Revoked, IdentityError> {
        let mut done = Revoked::default();
        match &mass.whose {
            Whose::Account(id) => done.add(self.of_accounts(vec![*id], mass.app_passwords, origin).await?),
            Whose::Client(id) => {
                self.find_client(id).await?.ok_or(IdentityError::Unknown("client"))?;
                done.add(self.of_clients(vec![id.clone()], origin).await?);
            }
            Whose::Organization(id) => {
                self.find_organization(id).await?.ok_or(IdentityError::Unknown("organization"))?;
            }
            Whose::Everybody => {}
        }
        // Before the accounts: whoever signs in anew waits for the end of the second in which the account's tokens ended
        // (RFC 7519 §4.1.6), and that second is over for the client, too, then.
        if let Some(filter) = mass.whose.clients() {
            let mut after = None;
            loop {
                let page = self.list_clients(filter.clone(), after, BATCH).await?;
                let ids = page.items.into_iter().map(|client| client.id).collect();
                done.add(self.of_clients(ids, origin).await?);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        if let Some(filter) = mass.whose.accounts() {
            let mut after = None;
            loop {
                let page = self.list_accounts(filter.clone(), after, BATCH).await?;
                let ids = page.items.iter().map(|account| account.id).collect();
                done.add(self.of_accounts(ids, mass.app_passwords, origin).await?);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(done)
    }

    async fn of_accounts(
        &self,
        ids: Vec<AccountId>,
        app_passwords: bool,
        origin: Option<&Origin>,
    ) -> Result<Revoked, IdentityError> {
        let act = origin.map(|origin| self.act(origin));
        let (now, write) = (self.clock.now(), act.is_some());
        let work = move |conn: &mut DbConn| {
            let names: Vec<String> = ids.iter().map(AccountId::to_string).collect();
            if write {
                // Accounts first, then the lock of revocations, as whoever changes one of them takes them.
                names.iter().try_for_each(|id| device_sessions::hold(conn, id))?;
            }
            let mut done = Revoked { accounts: ids.len(), ..Revoked::default() };
            for (id, name) in ids.iter().zip(&names) {
                done.refresh_families += refresh::count_live(conn, RevocationKind::Sub, name, now)?;
                done.device_sessions += device_sessions::count(conn, name)?;
                done.account_tokens += account_tokens::count(conn, name)?;
                done.app_passwords += if app_passwords { app_passwords::count(conn, name)? } else { 0 };
                if let Some(act) = &act {
                    end_account(conn, act, *id, app_passwords)?;
                }
            }
            Ok::<_, IdentityError>(done)
        };
        if write { self.write_revoking(work).await } else { self.db().read(work).await }
    }

    async fn of_clients(
        &self,
        ids: Vec<ClientId>,
        origin: Option<&Origin>,
    ) -> Result<Revoked, IdentityError> {
        let act = origin.map(|origin| self.act(origin));
        let (now, write) = (self.clock.now(), act.is_some());
        let work = move |conn: &mut DbConn| {
            let mut done = Revoked { clients: ids.len(), ..Revoked::default() };
            for id in &ids {
                done.refresh_families += refresh::count_live(conn, RevocationKind::Client, id.as_str(), now)?;
                if let Some(act) = &act {
                    let moment = Revocation::of_client(id, RevocationReason::Revoked, act.by_now());
                    revoke(conn, &moment)?;
                    act.record(conn, "client.revoke_tokens", id.as_str(), None)?;
                }
            }
            Ok::<_, IdentityError>(done)
        };
        if write { self.write_revoking(work).await } else { self.db().read(work).await }
    }
}

fn end_account(conn: &mut DbConn, act: &Act, id: AccountId, app_passwords: bool) -> Result<(), StoreError> {
    let moment = Revocation::of_account(id, RevocationReason::Revoked, act.by_now());
    if app_passwords {
        revoke(conn, &moment)?;
    } else {
        revoke_but_app_passwords(conn, &moment)?;
    }
    act.record(
        conn,
        "account.revoke_tokens",
        &id.to_string(),
        Some(json!({ "app_passwords": app_passwords })),
    )
}
