//! The index against a model, and the follower against a feed in the same process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_claims::SourceError;
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::revocations::{
    Follower, FollowerSettings, RevocationEntry, RevocationIndex, RevocationKind, RevocationPage,
    RevocationReason, RevocationSource,
};
use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt as _};
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::watch;

use crate::issuer::{NOW, clock, good_claims, with};

use RevocationKind::{Client, Jti, Sid, Sub};
use RevocationReason::{
    AccountDeleted, AccountDisabled, ClientDisabled, PasswordChanged, Revoked, SignedOut,
};

fn claims(changes: &serde_json::Value) -> AccessClaims {
    serde_json::from_value(with(good_claims(), changes)).unwrap()
}

fn entry(seq: i64, kind: RevocationKind, value: &str, reason: RevocationReason) -> RevocationEntry {
    let (value, issued_before, expires_at) = (value.to_owned(), NOW, NOW + 3600);
    RevocationEntry { seq, kind, value, issued_before, reason, expires_at, lifted: false }
}

#[test]
fn each_kind_hits_what_it_names() {
    let named = json!({
        "jti": "j", "sid": "s", "sub": "u", "client_id": "c", "user_id": "m",
        "act": { "sub": "a", "client_id": "b", "act":
            { "sub": "before", "client_id": "via", "act": { "sub": "first" } } },
    });
    let cases = [
        (Jti, "j", true),
        (Sid, "s", true),
        (Sub, "u", true),
        (Client, "c", true),
        (Sub, "m", true),
        (Sub, "a", true),
        (Client, "a", true),
        (Client, "b", true),
        // The authority came through every client of the chain; an account that acted before counts for nothing.
        (Client, "before", true),
        (Client, "via", true),
        (Client, "first", true),
        (Sub, "before", false),
        (Sub, "via", false),
        (Sub, "first", false),
        (Jti, "s", false),
        (Sid, "j", false),
        (Client, "u", false),
        (Sub, "c", false),
        (Sid, "S", false),
    ];
    for (kind, value, hit) in cases {
        let index = RevocationIndex::new();
        index.apply(&entry(1, kind, value, Revoked));
        assert_eq!(index.find(&claims(&named)), hit.then_some(Revoked), "{kind:?} {value}");
    }
    let own =
        AccessClaims { kind: SubjectKind::Client, ..claims(&json!({ "sub": "c", "client_id": "gate" })) };
    let index = RevocationIndex::new();
    index.apply(&entry(1, Client, "c", Revoked));
    assert_eq!(index.find(&own), Some(Revoked), "a client's own token, exchanged by another client");
}

#[test]
fn a_moment_hits_what_was_issued_before_it() {
    let index = RevocationIndex::new();
    index.apply(&entry(1, Sub, "u", PasswordChanged));
    for (iat, hit) in [(NOW - 1, true), (NOW, true), (NOW + 1, false)] {
        assert_eq!(index.find(&claims(&json!({ "sub": "u", "iat": iat }))).is_some(), hit, "{iat}");
    }
    index.apply(&RevocationEntry { issued_before: NOW - 100, ..entry(2, Sub, "u", Revoked) });
    assert_eq!(index.find(&claims(&json!({ "sub": "u" }))), Some(PasswordChanged), "the later moment counts");
}

#[test]
fn a_state_hits_every_token_until_it_is_lifted() {
    let index = RevocationIndex::new();
    let later = claims(&json!({ "sub": "u", "iat": NOW + 1000 }));
    index.apply(&entry(1, Sub, "u", PasswordChanged));
    index.apply(&entry(2, Sub, "u", AccountDisabled));
    assert_eq!(index.find(&later), Some(AccountDisabled));
    index.prune(NOW + 1_000_000);
    assert_eq!(index.find(&later), Some(AccountDisabled), "a disabled account gets no older by waiting");
    index.apply(&entry(3, Sub, "u", PasswordChanged));
    index.apply(&RevocationEntry { lifted: true, ..entry(4, Sub, "u", AccountDisabled) });
    assert_eq!(index.find(&later), None);
    assert_eq!(index.find(&claims(&json!({ "sub": "u" }))), Some(PasswordChanged), "the moment stays");
    index.apply(&entry(2, Sub, "u", AccountDisabled));
    assert_eq!(index.find(&later), None, "an old entry that comes again revives nothing");
}

// contracts/meet.md §14.8
#[test]
fn what_befell_the_client_is_told_before_what_befell_the_user() {
    let index = RevocationIndex::new();
    for (seq, kind, value, reason) in [
        (1, Jti, "token-1", Revoked),
        (2, Sid, "session-1", SignedOut),
        (3, Sub, "u", AccountDisabled),
        (4, Client, "booking", ClientDisabled),
    ] {
        index.apply(&entry(seq, kind, value, reason));
        assert_eq!(index.find(&claims(&json!({ "sub": "u" }))), Some(reason));
    }
}

#[test]
fn an_account_that_is_gone_is_told_from_others() {
    let index = RevocationIndex::new();
    index.apply(&entry(1, Sub, "gone", AccountDeleted));
    index.apply(&entry(2, Sub, "off", AccountDisabled));
    index.apply(&entry(3, Sub, "changed", PasswordChanged));
    index.apply(&entry(4, Client, "client", Revoked));
    let gone: Vec<_> =
        ["gone", "off", "changed", "client", "unknown"].map(|name| index.is_account_gone(name)).into();
    assert_eq!(gone, [true, false, false, false, false]);
}

#[test]
fn pruning_drops_what_can_hit_nothing_more() {
    let index = RevocationIndex::new();
    index.apply(&entry(1, Jti, "token-1", Revoked));
    index.apply(&entry(2, Sub, "gone", AccountDeleted));
    index.apply(&entry(3, Sub, "off", AccountDisabled));
    index.apply(&entry(4, Client, "on-again", ClientDisabled));
    index.apply(&RevocationEntry { lifted: true, ..entry(5, Client, "on-again", ClientDisabled) });
    index.prune(NOW + 3599);
    assert_eq!(index.len(), 4);
    index.prune(NOW + 3600);
    assert_eq!(index.len(), 1);
    assert_eq!(index.find(&claims(&json!({ "sub": "off" }))), Some(AccountDisabled));
}

proptest! {
    /// Applying a feed in any order, any number of times, with pruning in between, gives what one reading gives.
    #[test]
    fn the_index_does_not_depend_on_the_order_of_reading(
        feed in proptest::collection::vec((0..3_u8, 0..8_usize, any::<bool>(), 0..20_i64), 1..30),
        shuffled in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
        iat in 0..20_i64,
    ) {
        let feed: Vec<_> = feed.into_iter().enumerate().map(|(at, (name, reason, lifted, before))| {
            let reason = RevocationReason::ALL[reason];
            let seq = i64::try_from(at).unwrap();
            let lifted = lifted && reason.is_state();
            RevocationEntry { seq, issued_before: NOW + before, lifted, ..entry(seq, Sub, &name.to_string(), reason) }
        }).collect();
        let (straight, jumbled) = (RevocationIndex::new(), RevocationIndex::new());
        for entry in &feed { straight.apply(entry); }
        for at in &shuffled { jumbled.apply(at.get(&feed)); }
        jumbled.prune(NOW);
        for entry in &feed { jumbled.apply(entry); }
        for name in 0..3 {
            let claims = claims(&json!({ "sub": name.to_string(), "iat": NOW + iat }));
            let last_state = feed.iter().rev().find(|e| e.value == name.to_string() && e.reason.is_state());
            let state = last_state.filter(|entry| !entry.lifted).map(|entry| entry.reason);
            let moment = feed.iter().any(|e| e.value == name.to_string() && !e.reason.is_state() && claims.iat <= e.issued_before);
            for index in [&straight, &jumbled] {
                let found = index.find(&claims);
                prop_assert_eq!(found.is_some(), state.is_some() || moment);
                prop_assert!(state.is_none() || found == state);
            }
        }
    }
}

/// A feed as the authorization server keeps it in the same process.
struct Feed {
    entries: Mutex<Vec<RevocationEntry>>,
    news: watch::Sender<()>,
    broken: Mutex<Option<SourceError>>,
    /// Questions after this place find no answer.
    breaks_at: Mutex<Option<i64>>,
    asked: Mutex<Vec<(i64, Duration)>>,
}

impl Feed {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            news: watch::Sender::new(()),
            broken: Mutex::default(),
            breaks_at: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn push(&self, kind: RevocationKind, value: &str) {
        let mut entries = self.entries.lock().unwrap();
        let seq = i64::try_from(entries.len()).unwrap() + 1;
        entries.push(entry(seq, kind, value, Revoked));
        drop(entries);
        self.news.send_replace(());
    }

    fn page(&self, seq: i64) -> RevocationPage {
        let all = self.entries.lock().unwrap();
        // Two at a time, so that catching up takes several pages.
        let entries: Vec<_> = all.iter().filter(|entry| entry.seq > seq).take(2).cloned().collect();
        let newest = all.last().map_or(0, |entry| entry.seq);
        RevocationPage { next: entries.last().map_or(newest, |entry| entry.seq), entries }
    }
}

impl RevocationSource for Feed {
    fn after(&self, seq: i64, wait: Duration) -> BoxFuture<'_, Result<RevocationPage, SourceError>> {
        async move {
            self.asked.lock().unwrap().push((seq, wait));
            let mut news = self.news.subscribe();
            if let Some(error) = self.broken.lock().unwrap().clone() {
                return Err(error);
            }
            if *self.breaks_at.lock().unwrap() == Some(seq) {
                return Err(SourceError::new("torn"));
            }
            let page = self.page(seq);
            if !page.entries.is_empty() || page.next < seq {
                return Ok(page);
            }
            let _ = tokio::time::timeout(wait, news.changed()).await;
            Ok(self.page(seq))
        }
        .boxed()
    }
}

async fn within_a_second(what: impl Fn() -> bool) {
    let reached = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), reached).await.expect("within a second");
}

fn follow(
    feed: &Arc<Feed>,
    settings: FollowerSettings,
) -> (Arc<RevocationIndex>, Follower, auth_claims::clock::Clock) {
    let (index, clock) = (Arc::new(RevocationIndex::new()), clock());
    let source: Arc<Feed> = Arc::clone(feed);
    let follower = Follower::spawn_with(source, Arc::clone(&index), clock.clone(), settings);
    (index, follower, clock)
}

/// Threat 26: what is revoked is refused within a second, though the poll in progress would wait for 25.
#[tokio::test]
async fn threat_26_the_follower_wakes_at_once() {
    let feed = Feed::new();
    let (index, follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| follower.health().silent_for.is_some()).await;
    within_a_second(|| feed.asked.lock().unwrap().last() == Some(&(0, Duration::from_secs(25)))).await;
    for n in 0..5 {
        let jti = format!("token-{n}");
        feed.push(Jti, &jti);
        within_a_second(|| index.find(&claims(&json!({ "jti": jti }))).is_some()).await;
    }
}

/// Threat 26: a restarted service knows everything before it is ready.
#[tokio::test]
async fn threat_26_a_restart_reads_from_the_beginning() {
    let feed = Feed::new();
    for n in 0..7 {
        feed.push(Jti, &format!("token-{n}"));
    }
    let (index, follower, _) = follow(&feed, FollowerSettings::default());
    assert_eq!(follower.health().silent_for, None);
    within_a_second(|| index.len() == 7).await;
    within_a_second(|| follower.health().is_alive(Duration::ZERO)).await;
}

/// Threat 26: a feed of a later version, with entries that mean nothing here, is read to its end, and what they stand
/// before is not missed.
#[tokio::test]
async fn threat_26_entries_that_nobody_knows_do_not_hide_others() {
    let feed = Feed::new();
    for n in 0..5 {
        feed.push(RevocationKind::Unknown, &format!("thing-{n}"));
    }
    *feed.breaks_at.lock().unwrap() = Some(4);
    feed.push(Sid, "session-1");
    let (index, follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| feed.asked.lock().unwrap().iter().filter(|(seq, _)| *seq == 4).count() > 1).await;
    assert_eq!(
        (index.len(), follower.health().silent_for),
        (0, None),
        "a page of such entries is not the end"
    );
    *feed.breaks_at.lock().unwrap() = None;
    within_a_second(|| follower.health().is_alive(Duration::ZERO)).await;
    assert_eq!(index.find(&claims(&json!({}))), Some(Revoked));
}

/// Threat 26: rather refused for a reason that nobody knows than let in.
#[test]
fn threat_26_a_reason_that_nobody_knows_is_one() {
    let index = RevocationIndex::new();
    let unknown = entry(1, Sub, "u", RevocationReason::Unknown);
    index.apply(&unknown);
    assert_eq!(index.find(&claims(&json!({ "sub": "u" }))), Some(RevocationReason::Unknown));
    assert_eq!(index.find(&claims(&json!({ "sub": "u", "iat": NOW + 1 }))), None);
    index.apply(&entry(2, RevocationKind::Service, "rooms", RevocationReason::Unknown));
    assert!(!index.is_service_disabled("rooms"));
}

/// Threat 26: the first of several pages is not the whole truth.
#[tokio::test]
async fn threat_26_a_restarted_service_is_not_ready_in_the_middle_of_the_feed() {
    let feed = Feed::new();
    for n in 0..7 {
        feed.push(Jti, &format!("token-{n}"));
    }
    *feed.breaks_at.lock().unwrap() = Some(4);
    let (index, follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| feed.asked.lock().unwrap().iter().filter(|(seq, _)| *seq == 4).count() > 1).await;
    assert_eq!((index.len(), follower.health().silent_for), (4, None));
    *feed.breaks_at.lock().unwrap() = None;
    within_a_second(|| follower.health().is_alive(Duration::ZERO)).await;
    assert_eq!(index.len(), 7);
}

#[tokio::test]
async fn a_feed_that_starts_over_is_read_again_and_nothing_is_forgotten() {
    let feed = Feed::new();
    for n in 0..5 {
        feed.push(Jti, &format!("token-{n}"));
    }
    let (index, _follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| index.len() == 5).await;
    feed.entries.lock().unwrap().clear();
    feed.push(Sid, "session-1");
    within_a_second(|| index.len() == 6).await;
    assert!(index.find(&claims(&json!({}))).is_some());
}

/// Threat 26: a database restored from a backup counts from an older number; what it tells from then on counts.
#[tokio::test]
async fn threat_26_a_state_told_after_a_restore_holds() {
    let feed = Feed::new();
    for _ in 0..5 {
        feed.push(Jti, "token-2");
    }
    let lifted = RevocationEntry { lifted: true, ..entry(6, Sub, "u", AccountDisabled) };
    feed.entries.lock().unwrap().push(lifted);
    let (index, _follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| index.len() == 2).await;
    *feed.entries.lock().unwrap() = vec![entry(1, Sub, "u", AccountDisabled)];
    feed.news.send_replace(());
    within_a_second(|| index.find(&claims(&json!({ "sub": "u" }))) == Some(AccountDisabled)).await;
}

#[tokio::test]
async fn a_lost_feed_shows_and_comes_back() {
    let feed = Feed::new();
    let settings = FollowerSettings { wait: Duration::from_millis(10), ..FollowerSettings::default() };
    let (index, follower, clock) = follow(&feed, settings);
    within_a_second(|| follower.health().silent_for.is_some()).await;
    *feed.broken.lock().unwrap() = Some(SourceError::new("unplugged"));
    let asked = feed.asked.lock().unwrap().len();
    within_a_second(|| feed.asked.lock().unwrap().len() > asked + 1).await;
    clock.advance(TimeDelta::seconds(61));
    let limit = Duration::from_mins(1);
    assert!(!follower.health().is_alive(limit));
    *feed.broken.lock().unwrap() = None;
    feed.push(Jti, "token-1");
    within_a_second(|| follower.health().is_alive(limit)).await;
    assert!(index.find(&claims(&json!({}))).is_some());
}

#[tokio::test]
async fn a_dropped_follower_asks_no_more() {
    let feed = Feed::new();
    let (_, follower, _) = follow(&feed, FollowerSettings::default());
    within_a_second(|| follower.health().silent_for.is_some()).await;
    let held = Arc::strong_count(&feed);
    drop(follower);
    within_a_second(|| Arc::strong_count(&feed) < held).await;
}
