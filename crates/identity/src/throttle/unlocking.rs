//! What an operator sees of locks, and how they end before their time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use store::{DbConn, StoreError};

use super::lockouts::{self, Count, Guessed};
use crate::Identity;
use crate::accounts::{self, Account, AccountId, Name};
use crate::audit::Origin;
use crate::errors::IdentityError;

/// How an account stands with those who are not familiar to it: the worst of what was counted for its names and its codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockState {
    /// Failures in a row.
    pub failures: u32,
    /// Until when nobody gets in from an unfamiliar network.
    pub locked_until: Option<DateTime<Utc>>,
}

impl LockState {
    fn and(self, count: Count, now: DateTime<Utc>) -> Self {
        let locked_until = count.locked_until.filter(|until| *until > now);
        Self {
            failures: self.failures.max(count.failures),
            locked_until: self.locked_until.max(locked_until),
        }
    }
}

/// How many accounts are asked for in one query.
const BATCH: usize = 500;

impl Identity {
    /// How these accounts stand; those of whom nothing is counted are left out.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn lock_states(
        &self,
        accounts: &[Account],
    ) -> Result<HashMap<AccountId, LockState>, IdentityError> {
        let now = self.clock.now();
        let mut states = HashMap::new();
        for batch in accounts.chunks(BATCH) {
            let owners: HashMap<[u8; 32], AccountId> = batch
                .iter()
                .flat_map(|account| self.guessed_at(account).map(|subject| (subject, account.id)))
                .collect();
            let subjects: Vec<[u8; 32]> = owners.keys().copied().collect();
            let counts = self.db.read(move |conn| lockouts::shared(conn, &subjects, now)).await?;
            for (subject, count) in counts {
                if let Some(id) = owners.get(&subject) {
                    let state: &mut LockState = states.entry(*id).or_default();
                    *state = state.and(count, now);
                }
            }
        }
        Ok(states)
    }

    /// Forgets every failure that replicas count together for an account: under its names as they are, of its codes, and
    /// from its familiar networks. Returns how many counts there were. What one address may try frees itself, within
    /// [`pair_window`](super::PasswordLimits::pair_window).
    ///
    /// # Errors
    /// `Unknown` without such an account.
    pub async fn unlock_account(&self, id: AccountId, origin: &Origin) -> Result<usize, IdentityError> {
        let find = move |conn: &mut DbConn| accounts::find(conn, id);
        let account = self.db.read(find).await?.ok_or(IdentityError::Unknown("account"))?;
        let (subjects, act) = (self.guessed_at(&account).collect::<Vec<_>>(), self.act(origin));
        let unlock = move |conn: &mut DbConn| {
            let counts = lockouts::forget_all(conn, &subjects)?;
            act.record(conn, "account.unlock", &id.to_string(), Some(json!({ "counts": counts })))?;
            Ok::<_, StoreError>(counts)
        };
        Ok(self.db.write(unlock).await?)
    }

    /// What is guessed at by whoever guesses at this account.
    fn guessed_at(&self, account: &Account) -> impl Iterator<Item = [u8; 32]> {
        let internal = format!("{}@auth.local", account.id.as_uuid().simple());
        let names = [Some(account.login.clone()), account.email.clone(), Some(internal)];
        let passwords = names
            .into_iter()
            .flatten()
            .map(|name| Guessed::Password.subject(&self.secrets, &Name::login_or_email(&name).key()));
        let code = Guessed::Otp.subject(&self.secrets, &account.id.to_string());
        passwords.chain([code])
    }
}
