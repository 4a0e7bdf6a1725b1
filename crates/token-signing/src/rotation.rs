//! When keys are made, retired and deleted: a pure function of the stored keys and the time.

use std::time::Duration;

use auth_claims::keys::Algorithm;
use chrono::{DateTime, TimeDelta, Utc};

use crate::stored::{KeyState, StoredKey};

/// A retired key is published this much longer than its last token lives: for verifiers' leeway, and for a replica
/// whose clock is behind and which therefore signs a little longer.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// By how much the clocks of two replicas may differ, and how long one may have waited for the other.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(5);

/// How signing keys follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPolicy {
    /// What new keys sign by. A change makes a new key at once, which takes over after `publish_lead`.
    pub algorithm: Algorithm,
    /// How long a key signs. Default 30 days.
    pub interval: Duration,
    /// How long the next key is published before it signs: longer than verifiers cache the JWKS (300 s) and than
    /// replicas take to load it. Default 15 minutes.
    pub publish_lead: Duration,
    /// The longest lifetime of a token; that long an old key stays published. Default 24 hours. Once it is lowered,
    /// tokens that were issued for longer may lose their key at the next rotation.
    pub longest_token: Duration,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Es256,
            interval: Duration::from_hours(30 * 24),
            publish_lead: Duration::from_mins(15),
            longest_token: Duration::from_hours(24),
        }
    }
}

/// One change to the stored keys. Carrying a step out twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationStep {
    /// Make a key and store it.
    Create {
        /// What it signs by.
        algorithm: Algorithm,
        /// From when on it signs.
        activates_at: DateTime<Utc>,
    },
    /// Set when a key stops signing, and when it stops being published.
    Retire {
        /// Which.
        kid: String,
        /// From when on it no longer signs.
        retires_at: DateTime<Utc>,
        /// From when on it is not published any more.
        expires_at: DateTime<Utc>,
    },
    /// Delete a dead key.
    Delete {
        /// Which.
        kid: String,
    },
}

/// How an operator rotates by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManualRotation {
    /// A new key takes over after `publish_lead`. Nobody notices.
    Normal,
    /// A new key signs at once; verifiers learn of it by its unknown id. Old tokens live on.
    Immediate,
    /// For a feared compromise: as `Immediate`, and all older keys leave the JWKS at once, so that every token they
    /// signed dies as soon as verifiers fetch it, which the first new token makes them do.
    Withdraw,
}

/// A key as far as planning needs it; the one about to be made has no id yet.
struct Link<'a> {
    row: Option<&'a StoredKey>,
    activates_at: DateTime<Utc>,
}

/// `now`, or the moment at which another replica has just made a key: whoever waited for that replica, or whose clock is
/// behind, would take the key for one that does not sign yet, and make another one.
fn no_earlier_than_made(keys: &[StoredKey], now: DateTime<Utc>) -> DateTime<Utc> {
    let made = keys.iter().map(|key| key.created_at);
    made.filter(|made| *made > now && *made - now <= CLOCKS_DIFFER).max().unwrap_or(now)
}

impl RotationPolicy {
    /// What is to be done at `now`. Empty when nothing is: planning again after the steps were carried out gives
    /// nothing new, so replicas may plan as often as they like. Two that plan from the same rows at once make a key
    /// too many at worst, of which one signs.
    #[must_use]
    pub fn plan(&self, keys: &[StoredKey], now: DateTime<Utc>) -> Vec<RotationStep> {
        let now = no_earlier_than_made(keys, now);
        let alive = alive(keys, now);
        self.steps(keys, &alive, self.due(&alive, now), now)
    }

    /// What an operator's rotation does at `now`. `Normal` does nothing while a next key of the right algorithm is
    /// about to take over anyway.
    #[must_use]
    pub fn rotate_now(
        &self,
        keys: &[StoredKey],
        now: DateTime<Utc>,
        manual: ManualRotation,
    ) -> Vec<RotationStep> {
        let alive = alive(keys, now);
        match manual {
            ManualRotation::Normal => {
                let start = now + delta(self.publish_lead);
                let coming = alive.last().is_some_and(|last| {
                    last.algorithm == self.algorithm && last.activates_at > now && last.activates_at <= start
                });
                let start = if signing(&alive, now).is_none() { now } else { start };
                self.steps(keys, &alive, (!coming).then_some(start), now)
            }
            ManualRotation::Immediate => self.steps(keys, &alive, Some(now), now),
            ManualRotation::Withdraw => {
                let create = RotationStep::Create { algorithm: self.algorithm, activates_at: now };
                let withdraw = |row: &&StoredKey| RotationStep::Retire {
                    kid: row.kid.clone(),
                    retires_at: now,
                    expires_at: now,
                };
                std::iter::once(create).chain(alive.iter().map(withdraw)).collect()
            }
        }
    }

    /// When the next key has to start signing, if it has to be made now.
    fn due(&self, alive: &[&StoredKey], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if signing(alive, now).is_none() {
            return Some(now); // the first start, or somebody deleted rows: there is nothing to wait for
        }
        let last = alive.last()?;
        let soonest = now + delta(self.publish_lead);
        if last.algorithm != self.algorithm {
            // After a key that waits, if one does, and by enough that nothing else decides which is the later one.
            return Some(soonest.max(last.activates_at + TimeDelta::seconds(1)));
        }
        let due = last.activates_at + delta(self.interval);
        (due <= soonest).then_some(due.max(soonest))
    }

    fn steps(
        &self,
        keys: &[StoredKey],
        alive: &[&StoredKey],
        start: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Vec<RotationStep> {
        let dead = keys.iter().filter(|row| row.state(now) == KeyState::Dead);
        let delete = dead.map(|row| RotationStep::Delete { kid: row.kid.clone() });
        let create =
            start.map(|activates_at| RotationStep::Create { algorithm: self.algorithm, activates_at });
        let mut chain: Vec<Link<'_>> =
            alive.iter().map(|row| Link { row: Some(row), activates_at: row.activates_at }).collect();
        if let Some(activates_at) = start {
            let place = chain.partition_point(|link| link.activates_at <= activates_at);
            chain.insert(place, Link { row: None, activates_at });
        }
        let retire = chain.iter().enumerate().filter_map(|(index, link)| {
            let next = chain.iter().skip(index + 1).find(|next| next.row.is_none_or(will_sign))?;
            self.retire(link.row?, next.activates_at)
        });
        create.into_iter().chain(retire).chain(delete).collect()
    }

    /// Ends a key's signing when the next one takes over. Never later than was said before, and never unpublished
    /// earlier than was said before: tokens that rely on it may exist.
    fn retire(&self, row: &StoredKey, next: DateTime<Utc>) -> Option<RotationStep> {
        if is_withdrawn(row) {
            return None;
        }
        let retires_at = row.retires_at.map_or(next, |at| at.min(next));
        let expires_at = retires_at + delta(self.longest_token) + MARGIN;
        let expires_at = row.expires_at.map_or(expires_at, |at| at.max(expires_at));
        let unchanged = row.retires_at == Some(retires_at) && row.expires_at == Some(expires_at);
        (!unchanged).then(|| RotationStep::Retire { kid: row.kid.clone(), retires_at, expires_at })
    }
}

/// The keys that are not dead, in the order in which they sign.
fn alive(keys: &[StoredKey], now: DateTime<Utc>) -> Vec<&StoredKey> {
    let mut alive: Vec<_> = keys.iter().filter(|row| row.state(now) != KeyState::Dead).collect();
    alive.sort_by(|a, b| a.precedence().cmp(&b.precedence()));
    alive
}

fn signing<'a>(alive: &[&'a StoredKey], now: DateTime<Utc>) -> Option<&'a StoredKey> {
    alive.iter().rev().find(|row| row.state(now) == KeyState::Active).copied()
}

/// Whether the key signs at any time.
fn will_sign(row: &StoredKey) -> bool {
    row.retires_at.is_none_or(|at| at > row.activates_at)
}

fn is_withdrawn(row: &StoredKey) -> bool {
    matches!((row.retires_at, row.expires_at), (Some(retires), Some(expires)) if expires <= retires)
}

/// Settings are years at most; more is cut off.
fn delta(duration: Duration) -> TimeDelta {
    const LONGEST: TimeDelta = TimeDelta::days(36_500);
    TimeDelta::from_std(duration).unwrap_or(LONGEST).min(LONGEST)
}
