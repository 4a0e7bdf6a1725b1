//! The revocation feed: its order, what it says of states that end, and how soon it says it.

use std::time::Duration;

use auth_claims::claims::{AccessClaims, Actor};
use auth_claims::revocations::{RevocationEntry, RevocationIndex, RevocationKind, RevocationReason};
use futures_util::future::join_all;
use identity::Identity;
use identity::audit::Origin;
use identity::revocations::mass::{MassRevocation, Whose};
use identity::revocations::{self, PAGE, Revocation, revoke as revoke_on};
use rstest::rstest;
use test_kit::Backend;
use tokio::time::Instant;

use crate::fixture::{Fixture, revoke};

fn index(entries: &[RevocationEntry]) -> RevocationIndex {
    let index = RevocationIndex::new();
    for entry in entries {
        index.apply(entry);
    }
    index
}

impl Fixture {
    fn token(&self, jti: &str) -> Revocation {
        let exp = self.identity.clock().now() + chrono::TimeDelta::hours(1);
        Revocation::of_token(jti, RevocationReason::Revoked, exp)
    }
}

/// Threat 26: entries become visible in the order of their numbers, so a follower misses none, whoever writes.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_follower_misses_nothing_of_concurrent_writers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const WRITES: i64 = 120;
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.another().await];
    let (reader, wait) = (fixture.another().await, Duration::from_secs(10));
    let following = tokio::spawn(async move {
        let (mut after, mut seen) = (0, vec![]);
        while after < WRITES {
            let page = reader.wait_for_revocation(after, wait).await.unwrap();
            after = page.next;
            seen.extend(page.entries);
        }
        seen
    });
    let writes = (0..WRITES).zip(directories.iter().cycle()).map(|(number, directory)| {
        let (directory, revocation) = (directory.clone(), fixture.token(&format!("token-{number}")));
        tokio::spawn(async move { revoke(&directory, revocation).await })
    });
    join_all(writes).await;
    let seen: Vec<i64> = following.await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(seen, (1..=WRITES).collect::<Vec<_>>());
}

/// What a loaded machine may add. Far less than the 30 s after which those who were forgotten would look.
const LOADED: Duration = Duration::from_secs(10);

/// Threat 26: a write of this process is told at once, one of another process after a quarter of a second at most. Counted from
/// its acknowledgement, at the best of several times: a machine may be busy with something else now and then, but who looks only
/// every quarter of a second is late each time.
#[rstest]
#[case(0, Duration::from_millis(100))]
#[case(1, Duration::from_millis(300))]
#[tokio::test]
async fn threat_26_a_revocation_is_told_within_its_bound(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] writer: usize,
    #[case] bound: Duration,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.another().await];
    let mut lags = vec![];
    for after in 0..8 {
        let waiting = following(&directories[0], after);
        // Just after a look, when the next one is farthest.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let told = async { (waiting.await.unwrap(), Instant::now()) };
        let revoking = async {
            revoke(&directories[writer], fixture.token(&format!("token-{after}"))).await;
            Instant::now()
        };
        let ((page, told_at), revoked_at) = tokio::join!(told, revoking);
        lags.push(told_at.saturating_duration_since(revoked_at));
        assert_eq!((page.next, page.entries.len()), (after + 1, 1));
    }
    assert!(lags.iter().all(|lag| *lag < LOADED) && lags.iter().any(|lag| *lag <= bound), "{lags:?}");
}

fn following(
    directory: &Identity,
    after: i64,
) -> tokio::task::JoinHandle<auth_claims::revocations::RevocationPage> {
    let directory = directory.clone();
    tokio::spawn(async move { directory.wait_for_revocation(after, Duration::from_secs(30)).await.unwrap() })
}

#[rstest]
#[tokio::test]
async fn when_the_one_who_looks_goes_away_another_takes_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let elsewhere = fixture.another().await;
    let mut waiting: Vec<_> = (0..4).map(|_| following(&fixture.identity, 0)).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for gone in waiting.drain(..2) {
        gone.abort();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    revoke(&elsewhere, fixture.token("token")).await;
    for page in join_all(waiting).await {
        assert_eq!(page.unwrap().next, 1);
    }
    assert!(started.elapsed() < LOADED, "{:?}", started.elapsed());
}

#[rstest]
#[tokio::test]
async fn an_empty_feed_answers_when_the_wait_is_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    revoke(&fixture.identity, fixture.token("token")).await;
    let (started, wait) = (Instant::now(), Duration::from_secs(1));
    let page = fixture.identity.wait_for_revocation(1, wait).await.unwrap();
    assert_eq!((page.next, page.entries.len()), (1, 0));
    assert!((wait..wait + LOADED).contains(&started.elapsed()), "{:?}", started.elapsed());
}

#[rstest]
#[tokio::test]
async fn pages_are_bounded_and_visit_every_entry_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let exp = fixture.identity.clock().now() + chrono::TimeDelta::hours(1);
    let total = i64::from(PAGE) + 1;
    fixture
        .identity
        .write_revoking(move |conn| {
            (0..total).try_for_each(|number| {
                let one = Revocation::of_token(number.to_string(), RevocationReason::Revoked, exp);
                revoke_on(conn, &one).map(drop)
            })
        })
        .await
        .unwrap();
    let first = fixture.identity.wait_for_revocation(0, Duration::ZERO).await.unwrap();
    assert_eq!((first.entries.len(), first.next), (PAGE as usize, i64::from(PAGE)));
    let rest = fixture.identity.wait_for_revocation(first.next, Duration::ZERO).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next), (1, total));
}

/// After a backup was restored the feed is shorter than its followers remember.
#[rstest]
#[tokio::test]
async fn a_follower_from_the_future_starts_anew(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    revoke(&fixture.identity, fixture.token("token")).await;
    let page = fixture.identity.wait_for_revocation(77, Duration::from_secs(30)).await.unwrap();
    assert_eq!((page.next, page.entries.len()), (1, 1));
}

/// A follower that saw the beginning of a state and one that starts after its end come to the same result.
#[rstest]
#[tokio::test]
async fn a_state_that_ended_is_over_for_every_follower(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (_, family) = fixture.start().await;
    let claims = fixture.claims(&family);
    let steady = RevocationIndex::new();
    let (mut after, mut lengths) = (0, vec![]);
    for enabled in [false, true, false, true, true] {
        fixture.wait(60);
        identity.set_account_enabled(fixture.account, enabled, &origin).await.unwrap();
        let page = identity.wait_for_revocation(after, Duration::ZERO).await.unwrap();
        after = page.next;
        page.entries.iter().for_each(|entry| steady.apply(entry));
        let everything = fixture.feed().await;
        let expected = (!enabled).then_some(RevocationReason::AccountDisabled);
        assert_eq!(steady.find(&claims), expected);
        assert_eq!(index(&everything).find(&claims), expected);
        assert_eq!(identity.find_revocation(&claims).await.unwrap(), expected);
        lengths.push(everything.len());
    }
    assert_eq!(lengths, [1; 5], "pairs are compacted");
}

/// A password changed while the account was disabled: lifting the state leaves the moment.
#[rstest]
#[tokio::test]
async fn lifting_a_state_brings_no_revoked_token_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (_, family) = fixture.start().await;
    let before = fixture.claims(&family);
    identity.set_account_enabled(fixture.account, false, &origin).await.unwrap();
    fixture.wait(60);
    let now = identity.clock().now();
    revoke(identity, Revocation::of_account(fixture.account, RevocationReason::PasswordChanged, now)).await;
    fixture.wait(60);
    identity.set_account_enabled(fixture.account, true, &origin).await.unwrap();
    let after = fixture.claims(&family);
    assert_eq!(identity.find_revocation(&before).await.unwrap(), Some(RevocationReason::PasswordChanged));
    assert_eq!(identity.find_revocation(&after).await.unwrap(), None);
    let index = index(&fixture.feed().await);
    assert_eq!(index.find(&before), Some(RevocationReason::PasswordChanged));
    assert_eq!(index.find(&after), None);
}

/// Threat 26: the auth server's own look into the database and a follower's index give one answer.
#[rstest]
#[tokio::test]
async fn threat_26_the_own_check_and_the_index_agree(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (_, family) = fixture.start().await;
    let (identity, now) = (&fixture.identity, fixture.identity.clock().now());
    let mut claims = fixture.claims(&family);
    claims.user_id = Some("meet-user".into());
    let before = Box::new(Actor { sub: "before".into(), client_id: Some("via".into()), act: None });
    claims.act =
        Some(Box::new(Actor { sub: "actor".into(), client_id: Some("acting".into()), act: Some(before) }));
    let [acting, before, via] = ["acting", "before", "via"].map(|id| id.parse().unwrap());
    let moments = [
        Revocation::of_token(&claims.jti, RevocationReason::Revoked, now),
        Revocation::of_session(&family.sid, RevocationReason::SignedOut, now),
        Revocation::of_account(fixture.account, RevocationReason::PasswordChanged, now),
        Revocation::of_account(fixture.account, RevocationReason::AccountDisabled, now),
        Revocation::of_client(&before, RevocationReason::Revoked, now),
        Revocation::of_client(&via, RevocationReason::Revoked, now),
        Revocation::of_client(&acting, RevocationReason::Revoked, now),
        Revocation::of_client(&fixture.client, RevocationReason::ClientDisabled, now),
    ];
    let tokens: Vec<AccessClaims> = variants(&claims);
    for revocation in moments {
        // The same name under another kind is somebody else.
        let namesake = Revocation { kind: other(revocation.kind), ..revocation.clone() };
        for entry in [namesake, revocation] {
            revoke(identity, entry).await;
            let index = index(&fixture.feed().await);
            for token in &tokens {
                assert_eq!(identity.find_revocation(token).await.unwrap(), index.find(token));
                let asked = token.clone();
                let stored = fixture.db().read(move |conn| revocations::find(conn, &asked)).await;
                assert_eq!(stored.unwrap(), index.find(token));
            }
        }
    }
    assert_eq!(identity.find_revocation(&claims).await.unwrap(), Some(RevocationReason::ClientDisabled));
}

fn other(kind: RevocationKind) -> RevocationKind {
    match kind {
        RevocationKind::Jti => RevocationKind::Client,
        RevocationKind::Sid => RevocationKind::Jti,
        RevocationKind::Sub | RevocationKind::Client | RevocationKind::Service | RevocationKind::Unknown => {
            RevocationKind::Sid
        }
    }
}

/// The token, one issued later, and others that share one name with it.
fn variants(claims: &AccessClaims) -> Vec<AccessClaims> {
    let changed = |change: fn(&mut AccessClaims)| {
        let mut changed = claims.clone();
        change(&mut changed);
        changed
    };
    vec![
        claims.clone(),
        changed(|claims| claims.iat += 10_000),
        changed(|claims| (claims.jti, claims.sid) = ("j".into(), None)),
        changed(|claims| (claims.sub, claims.act) = ("s".into(), None)),
        changed(|claims| claims.client_id = "acting".into()),
        changed(|claims| claims.client_id = "c".into()),
    ]
}

/// Threat 26: of everybody's tokens those of clients end first. Whoever signs in anew waits for the second to pass in which the
/// account's tokens ended; were the client's to end after that, the new token could be dead from its start.
#[rstest]
#[tokio::test]
async fn threat_26_tokens_of_clients_end_before_those_of_accounts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let everybody = MassRevocation { whose: Whose::Everybody, app_passwords: false };
    fixture.identity.revoke_all(&everybody, &Origin::default()).await.unwrap();
    let kinds: Vec<RevocationKind> = fixture.feed().await.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [RevocationKind::Client, RevocationKind::Client, RevocationKind::Sub]);
}
