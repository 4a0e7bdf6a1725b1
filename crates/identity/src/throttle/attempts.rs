//! One look at a secret, from its admission to its outcome, in the counts of this process and in those that all replicas
//! share.

use chrono::{DateTime, Utc};
use rate_limit::{Place, Throttled};
use serde_json::json;

use super::lockouts::{self, Count, LockoutRule, Slot};
use super::passwords::Reserved;
use super::{Network, PasswordGuard};
use crate::Identity;
use crate::accounts::{AccountId, SignInRefusal};
use crate::audit::{AuditEvent, Origin, Outcome};
use crate::errors::IdentityError;

/// A secret that is being checked. Dropped without an outcome it counts nowhere.
#[derive(Debug)]
pub(crate) struct Admitted {
    reserved: Reserved,
    held: Option<Held>,
    network: Network,
    is_familiar: bool,
}

/// Its place in the count that replicas share.
#[derive(Debug)]
struct Held {
    slot: Slot,
    rule: LockoutRule,
    /// As it was read last.
    count: Count,
    /// Kept until the outcome is written: whoever waits for it reads it then.
    place: Place,
}

/// Whose secret it would be, for the audit trail.
pub(crate) struct Whose<'a> {
    pub(crate) account: Option<AccountId>,
    pub(crate) origin: &'a Origin,
}

impl Identity {
    /// A place for one secret. Waits while others are under way that may use up what is left.
    ///
    /// # Errors
    /// `Throttled` when nothing is left.
    pub(crate) async fn admit(
        &self,
        guard: &PasswordGuard,
        name: &str,
        network: &Network,
        is_familiar: bool,
    ) -> Result<Admitted, SignInRefusal> {
        let reserved = guard.reserve(name, network, is_familiar, &self.clock).await?;
        let held = match guard.rule {
            Some(rule) => {
                let subject = guard.guessed.subject(&self.secrets, name);
                let slot = if is_familiar {
                    Slot::of_network(&self.secrets, subject, network)
                } else {
                    Slot::of_all(subject)
                };
                Some(self.hold(guard, rule, slot).await?)
            }
            None => None,
        };
        Ok(Admitted { reserved, held, network: network.clone(), is_familiar })
    }

    async fn hold(
        &self,
        guard: &PasswordGuard,
        rule: LockoutRule,
        slot: Slot,
    ) -> Result<Held, SignInRefusal> {
        let mut count = self.unlocked(&slot).await?;
        let place = guard.places.take(slot.key(), count.left(&rule)).await;
        if place.has_waited() {
            count = self.unlocked(&slot).await?;
        }
        Ok(Held { slot, rule, count, place })
    }

    /// The count of a slot, unless it is locked.
    async fn unlocked(&self, slot: &Slot) -> Result<Count, SignInRefusal> {
        let (slot, now) = (slot.clone(), self.clock.now());
        let counts = self.db.look_up(move |conn| lockouts::counts(conn, &slot, now)).await;
        let own = counts.map_err(IdentityError::from)?.own;
        own.check(now)?;
        Ok(own)
    }

    /// Whether the right secret may still let somebody in: others may have brought a lock while it was looked at.
    ///
    /// # Errors
    /// `Throttled` if they have.
    pub(crate) async fn confirm(&self, admitted: &mut Admitted) -> Result<(), SignInRefusal> {
        if let Some(held) = &mut admitted.held {
            held.count = self.unlocked(&held.slot).await?;
        }
        Ok(())
    }

    /// Ends the attempt: the secret was right, and is confirmed. Its own failures are forgotten.
    pub(crate) async fn succeeded(&self, admitted: Admitted) {
        if let Some(Held { slot, count, place, .. }) = admitted.held
            && admitted.is_familiar
            && count.failures > 0
        {
            let forgotten = self.db.write(move |conn| lockouts::forget(conn, &slot)).await;
            if let Err(error) = forgotten {
                tracing::warn!(%error, "failures before a sign-in stay counted");
            }
            drop(place);
        }
        admitted.reserved.succeeded();
    }

    /// Ends the attempt: the secret was wrong.
    ///
    /// # Errors
    /// `Throttled` instead of the word that it was wrong, where others have used up what was left, or would a stranger hear
    /// so.
    pub(crate) async fn failed(
        &self,
        guard: &PasswordGuard,
        admitted: Admitted,
        whose: Whose<'_>,
    ) -> Result<(), SignInRefusal> {
        let Admitted { reserved, held, network, is_familiar } = admitted;
        reserved.failed(self.clock.uptime());
        let mut shared = Count::default();
        let now = self.clock.now();
        if let Some(Held { slot, rule, place, .. }) = held {
            let fail = self.db.write(move |conn| lockouts::fail(conn, &slot, &rule, now));
            let counts = fail.await.map_err(IdentityError::from)??;
            drop(place);
            self.tell_of_lock(guard, counts.own, now, &whose);
            shared = counts.shared;
        }
        if is_familiar {
            shared.check(now)?;
            guard.check_network(&network, self.clock.uptime())?;
        }
        Ok(())
    }

    fn tell_of_lock(&self, guard: &PasswordGuard, count: Count, now: DateTime<Utc>, whose: &Whose<'_>) {
        let Err(Throttled { retry_after }) = count.check(now) else { return };
        let kind = guard.guessed.as_str();
        metrics::counter!("tessera_lockouts_total", "kind" => kind).increment(1);
        // A name that is nobody's is not kept: it may be a password in the wrong field.
        let Some(account) = whose.account else { return };
        tracing::info!(account.id = %account, kind, seconds = retry_after, "locked account {account} for {retry_after} s");
        let event = AuditEvent::new(now, "account.lock", whose.origin).target(account.to_string());
        let detail = json!({ "kind": kind, "failures": count.failures, "seconds": retry_after });
        self.audit.record(event.outcome(Outcome::Failure).detail(detail));
    }
}
