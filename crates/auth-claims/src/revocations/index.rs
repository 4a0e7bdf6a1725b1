//! Revocations by what they name, made for many readers and few writers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::{RevocationEntry, RevocationKind, RevocationReason};
use crate::claims::{AccessClaims, Actor, SubjectKind};
use crate::leavers::Watched;

const SHARDS: usize = 16;

/// Everything revoked that can still matter.
#[derive(Debug, Default)]
pub struct RevocationIndex {
    tokens: Names,
    sessions: Names,
    accounts: Names,
    clients: Names,
    services: Names,
    /// Microseconds of the clock's uptime plus one; zero before the feed first answered.
    contact: AtomicU64,
    leavers: Watched,
}

/// The names of one kind. Sharded, so that no reader waits for a lock everybody takes.
#[derive(Debug, Default)]
struct Names {
    hasher: RandomState,
    shards: [RwLock<HashMap<Box<str>, Marks>>; SHARDS],
    len: AtomicUsize,
}

/// What holds against one name.
#[derive(Debug, Default, Clone, Copy)]
struct Marks {
    moment: Option<Moment>,
    state: Option<State>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    issued_before: i64,
    reason: RevocationReason,
    expires_at: i64,
}

/// The last word about a state. A lifted one is kept until `expires_at`, so that an older entry that is read again
/// does not bring the state back.
#[derive(Debug, Clone, Copy)]
struct State {
    seq: i64,
    reason: RevocationReason,
    expires_at: i64,
    lifted: bool,
}

impl RevocationIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an entry in. Entries may come twice and out of order.
    pub fn apply(&self, entry: &RevocationEntry) {
        if let Some(names) = self.names(entry.kind) {
            names.apply(entry);
        }
        self.leavers.hear(entry);
    }

    /// Why these claims are revoked, if they are. What befell the client comes before what befell the user.
    // contracts/meet.md §14.8: application checks win over user checks.
    #[must_use]
    pub fn find(&self, claims: &AccessClaims) -> Option<RevocationReason> {
        let iat = claims.iat;
        let client = |name: &str| self.clients.find(name, iat);
        let account = |name: &str| self.accounts.find(name, iat);
        // RFC 8693 §4.1: earlier actors do not decide what a token permits. Whether it still stands is another matter:
        // it came through each of these clients.
        let actor = claims.act.as_deref();
        client(&claims.client_id)
            .or_else(|| if claims.kind == SubjectKind::Client { client(&claims.sub) } else { None })
            .or_else(|| claims.actors().flat_map(Actor::names).find_map(client))
            .or_else(|| account(&claims.sub))
            .or_else(|| account(claims.user_id.as_deref()?))
            .or_else(|| account(&actor?.sub))
            .or_else(|| self.sessions.find(claims.sid.as_deref()?, iat))
            .or_else(|| self.tokens.find(&claims.jti, iat))
    }

    /// Why everything is revoked that this account had at second `iat`, if it is.
    #[must_use]
    pub fn find_account(&self, account: &str, iat: i64) -> Option<RevocationReason> {
        self.accounts.find(account, iat)
    }

    /// Whether this account is gone, as far as the feed tells: for as long as a token from before may live.
    #[must_use]
    pub fn is_account_gone(&self, account: &str) -> bool {
        self.accounts.find(account, i64::MAX) == Some(RevocationReason::AccountDeleted)
    }

    /// Whether this service, by its id among the apps, is switched off for everybody but administrators.
    #[must_use]
    pub fn is_service_disabled(&self, service: &str) -> bool {
        // No moment hits a service: it was issued at no time.
        self.services.find(service, i64::MAX) == Some(RevocationReason::ServiceDisabled)
    }

    /// Forgets what can hit no token any more at second `now`. Locks a sixteenth of one kind at a time.
    pub fn prune(&self, now: i64) {
        for names in self.all() {
            names.prune(now);
        }
    }

    /// Takes every coming entry for newer than those there are. For a feed that counts anew: a state it tells must
    /// not lose against a higher number of the old count.
    pub(crate) fn start_over(&self) {
        for names in self.all() {
            names.for_each(|marks| {
                if let Some(state) = &mut marks.state {
                    state.seq = i64::MIN;
                }
            });
        }
    }

    /// How many names are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all().iter().map(|names| names.len()).sum()
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Who hears of accounts that are gone.
    pub(crate) const fn leavers(&self) -> &Watched {
        &self.leavers
    }

    /// The accounts of which it is known that they are deleted.
    pub(crate) fn deleted_accounts(&self) -> Vec<Box<str>> {
        self.accounts.in_state(RevocationReason::AccountDeleted)
    }

    /// Notes that the feed answered, at this uptime of the clock.
    pub(crate) fn note_contact(&self, uptime: Duration) {
        let micros = u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX - 1);
        self.contact.store(micros + 1, Ordering::Release);
    }

    /// The clock's uptime when the feed last answered; `None` before it ever did.
    pub(crate) fn last_contact(&self) -> Option<Duration> {
        self.contact.load(Ordering::Acquire).checked_sub(1).map(Duration::from_micros)
    }

    const fn all(&self) -> [&Names; 5] {
        [&self.tokens, &self.sessions, &self.accounts, &self.clients, &self.services]
    }

    const fn names(&self, kind: RevocationKind) -> Option<&Names> {
        match kind {
            RevocationKind::Jti => Some(&self.tokens),
            RevocationKind::Sid => Some(&self.sessions),
            RevocationKind::Sub => Some(&self.accounts),
            RevocationKind::Client => Some(&self.clients),
            RevocationKind::Service => Some(&self.services),
            RevocationKind::Unknown => None,
        }
    }
}

impl Names {
    fn shard(&self, name: &str) -> &RwLock<HashMap<Box<str>, Marks>> {
        let hash = self.hasher.hash_one(name);
        #[expect(clippy::cast_possible_truncation, reason = "a remainder under 16")]
        &self.shards[(hash % SHARDS as u64) as usize]
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    fn find(&self, name: &str, iat: i64) -> Option<RevocationReason> {
        if self.len() == 0 {
            return None;
        }
        let shard = self.shard(name).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(name).and_then(|marks| marks.against(iat))
    }

    fn apply(&self, entry: &RevocationEntry) {
        let mut shard = self.shard(&entry.value).write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.len();
        shard.entry(entry.value.as_str().into()).or_default().take_in(entry);
        self.len.fetch_add(shard.len() - before, Ordering::AcqRel);
    }

    fn in_state(&self, reason: RevocationReason) -> Vec<Box<str>> {
        let mut names = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let meant = |state: &State| !state.lifted && state.reason == reason;
            names.extend(
                shard
                    .iter()
                    .filter(|(_, marks)| marks.state.as_ref().is_some_and(meant))
                    .map(|(name, _)| name.clone()),
            );
        }
        names
    }

    fn for_each(&self, change: impl Fn(&mut Marks)) {
        for shard in &self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).values_mut().for_each(&change);
        }
    }

    fn prune(&self, now: i64) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = shard.len();
            shard.retain(|_, marks| marks.prune(now));
            self.len.fetch_sub(before - shard.len(), Ordering::AcqRel);
        }
    }
}

impl Marks {
    fn against(&self, iat: i64) -> Option<RevocationReason> {
        let state = self.state.filter(|state| !state.lifted).map(|state| state.reason);
        state.or_else(|| self.moment.filter(|moment| iat <= moment.issued_before).map(|moment| moment.reason))
    }

    fn take_in(&mut self, entry: &RevocationEntry) {
        let RevocationEntry { seq, reason, expires_at, lifted, issued_before, .. } = *entry;
        if reason.is_state() || lifted {
            if self.state.is_none_or(|state| state.seq <= seq) {
                self.state = Some(State { seq, reason, expires_at, lifted });
            }
            return;
        }
        let earlier = self.moment.filter(|moment| moment.issued_before > issued_before);
        let expires_at = self.moment.map_or(expires_at, |moment| moment.expires_at.max(expires_at));
        let moment = earlier.unwrap_or(Moment { issued_before, reason, expires_at });
        self.moment = Some(Moment { expires_at, ..moment });
    }

    /// Drops what is over; whether anything is left.
    fn prune(&mut self, now: i64) -> bool {
        self.moment = self.moment.filter(|moment| now < moment.expires_at);
        let ends = |state: &State| state.lifted || state.reason.is_final();
        self.state = self.state.filter(|state| !ends(state) || now < state.expires_at);
        self.moment.is_some() || self.state.is_some()
    }
}
