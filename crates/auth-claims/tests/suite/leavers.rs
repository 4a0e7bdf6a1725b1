//! Deleted accounts reach whoever keeps things of people: once each, after a restart again, and however often it fails.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_claims::SourceError;
use auth_claims::leavers::{Belongings, Leavers};
use auth_claims::revocations::{RevocationEntry, RevocationIndex, RevocationKind, RevocationReason};
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::time::sleep;

use crate::issuer::NOW;

/// A service that keeps things of people, in memory.
#[derive(Default)]
struct Things {
    kept: Mutex<BTreeSet<String>>,
    broken: Mutex<BTreeSet<String>>,
    asked: Mutex<Vec<usize>>,
}

impl Things {
    fn of(accounts: &[&str]) -> Arc<Self> {
        let things = Self::default();
        things.keep(accounts);
        Arc::new(things)
    }

    fn keep(&self, accounts: &[&str]) {
        self.kept.lock().unwrap().extend(accounts.iter().map(|account| (*account).to_owned()));
    }

    fn kept(&self) -> Vec<String> {
        self.kept.lock().unwrap().iter().cloned().collect()
    }

    fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

impl Belongings for Things {
    fn service(&self) -> &'static str {
        "things"
    }

    fn holders_among(&self, accounts: Vec<String>) -> BoxFuture<'_, Result<Vec<String>, SourceError>> {
        self.asked.lock().unwrap().push(accounts.len());
        let kept = self.kept.lock().unwrap();
        let holders = accounts.into_iter().filter(|account| kept.contains(account)).collect();
        async move { Ok(holders) }.boxed()
    }

    fn part_with(&self, account: String) -> BoxFuture<'_, Result<(), SourceError>> {
        let done = if self.broken.lock().unwrap().contains(&account) {
            Err(SourceError::new("not now"))
        } else {
            self.kept.lock().unwrap().remove(&account);
            Ok(())
        };
        async move { done }.boxed()
    }
}

fn entry(seq: i64, account: &str, reason: RevocationReason) -> RevocationEntry {
    let (kind, value) = (RevocationKind::Sub, account.to_owned());
    RevocationEntry { seq, kind, value, issued_before: NOW, reason, expires_at: NOW + 3600, lifted: false }
}

fn deleted(seq: i64, account: &str) -> RevocationEntry {
    entry(seq, account, RevocationReason::AccountDeleted)
}

async fn moments() {
    sleep(Duration::from_millis(10)).await;
}

#[tokio::test(start_paused = true)]
async fn only_deleted_accounts_leave() {
    let (index, things) = (RevocationIndex::new(), Things::of(&["ada", "bob", "carol", "dan", "eve"]));
    let _leavers = Leavers::watch(&index, things.clone());
    index.apply(&entry(1, "ada", RevocationReason::AccountDisabled));
    index.apply(&entry(2, "bob", RevocationReason::PasswordChanged));
    index.apply(&RevocationEntry { kind: RevocationKind::Client, ..deleted(3, "carol") });
    index.apply(&RevocationEntry { lifted: true, ..deleted(4, "dan") });
    index.apply(&deleted(5, "eve"));
    moments().await;
    assert_eq!(things.kept(), ["ada", "bob", "carol", "dan"]);
    assert_eq!(things.asked(), [1], "of nobody else is anything asked");
}

/// What a service has read before it began to watch counts as well: it reads the feed from its beginning.
#[tokio::test(start_paused = true)]
async fn threat_26_a_restart_begins_with_everybody_the_feed_knows() {
    let (index, things) = (RevocationIndex::new(), Things::of(&["ada", "bob", "zoe"]));
    for (seq, account) in (1..).zip(["ada", "bob", "carol"]) {
        index.apply(&deleted(seq, account));
    }
    index.apply(&RevocationEntry { lifted: true, ..deleted(4, "bob") });
    let first = Leavers::watch(&index, things.clone());
    let replica = Things::of(&["ada"]);
    let _second = Leavers::watch(&index, replica.clone());
    moments().await;
    assert_eq!((things.kept(), replica.kept()), (vec!["bob".to_owned(), "zoe".to_owned()], vec![]));
    drop(first);
    index.apply(&deleted(5, "zoe"));
    moments().await;
    assert_eq!(things.kept(), ["bob", "zoe"], "nobody watches for these any more");
}

#[tokio::test(start_paused = true)]
async fn many_are_asked_about_together() {
    let (index, things) = (RevocationIndex::new(), Things::of(&["account-0007"]));
    for number in 0..1_200 {
        index.apply(&deleted(number, &format!("account-{number:04}")));
    }
    let _leavers = Leavers::watch(&index, things.clone());
    moments().await;
    assert_eq!((things.asked(), things.kept().len()), (vec![500, 500, 200], 0));
}

/// A request that was under way when the account was deleted may have written since.
#[tokio::test(start_paused = true)]
async fn everybody_is_looked_at_once_more() {
    let (index, things) = (RevocationIndex::new(), Things::of(&[]));
    let _leavers = Leavers::watch(&index, things.clone());
    index.apply(&deleted(1, "ada"));
    moments().await;
    things.keep(&["ada"]);
    sleep(Duration::from_secs(59)).await;
    assert_eq!(things.kept(), ["ada"]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((things.kept(), things.asked()), (vec![], vec![1, 1]));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(things.asked().len(), 2, "and then no more");
}

/// Somebody with whom it fails does not keep others waiting, and is not given up.
#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_and_holds_nobody_up() {
    let (index, things) = (RevocationIndex::new(), Things::of(&["ada", "bob"]));
    things.broken.lock().unwrap().insert("ada".to_owned());
    let _leavers = Leavers::watch(&index, things.clone());
    index.apply(&deleted(1, "ada"));
    index.apply(&deleted(2, "bob"));
    sleep(Duration::from_mins(10)).await;
    assert_eq!(things.kept(), ["ada"]);
    let tries = things.asked().len();
    assert!((10..25).contains(&tries), "{tries}: pauses grow to a minute");
    things.broken.lock().unwrap().clear();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(things.kept(), [""; 0]);
}
