//! What a process knows of revocations without asking the database.

use std::time::Duration;

use auth_claims::claims::AccessClaims;
use auth_claims::revocations::RevocationReason;
use diesel::prelude::*;
use identity::Identity;
use identity::audit::Origin;
use identity::revocations::{self, Revocation};
use rstest::rstest;
use store::{StoreError, on_backend};
use test_kit::Backend;
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, revoke};

const REVOKED: Option<RevocationReason> = Some(RevocationReason::Revoked);

/// A directory that follows the feed, and has read it.
struct Follower {
    identity: Identity,
    task: JoinHandle<()>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Follower {
    async fn start(identity: Identity) -> Self {
        let following = identity.clone();
        let task = tokio::spawn(async move { following.follow_revocations().await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        Self { identity, task }
    }

    async fn known(&self, claims: &AccessClaims) -> Option<RevocationReason> {
        self.identity.known_revocation(claims).await.unwrap()
    }
}

impl Fixture {
    async fn session(&self) -> (AccessClaims, Revocation) {
        let claims = self.claims(&self.start().await.1);
        let sid = claims.sid.clone().unwrap();
        (claims, Revocation::of_session(sid, RevocationReason::Revoked, self.clock.now()))
    }

    /// What only somebody can do who works on the database itself.
    async fn meddle(&self, sql: &'static str) {
        let work = move |conn: &mut _| {
            on_backend!(conn, |c| diesel::sql_query(sql).execute(c)).map_err(StoreError::from)
        };
        self.db().write(work).await.unwrap();
    }
}

/// Threat 26: what this process revokes is known before whoever did it hears so, also when a service does it that has
/// connections of its own; what was looked at before makes no difference.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_what_this_process_revokes_counts_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let follower = Follower::start(fixture.identity.clone()).await;
    let (feed, db) = (fixture.identity.revocation_feed(), fixture.db());
    for round in 0..40 {
        let (claims, revocation) = fixture.session().await;
        assert_eq!(follower.known(&claims).await, None);
        if round % 2 == 0 {
            revoke(&fixture.identity, revocation).await;
        } else {
            feed.write(&db, move |conn| revocations::revoke(conn, &revocation)).await.unwrap();
        }
        assert_eq!(follower.known(&claims).await, REVOKED);
    }
}

/// Threat 26: what another process revokes is known a quarter of a second later, and lifted as soon.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_26_what_another_process_revokes_counts_within_its_bound(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let follower = Follower::start(fixture.identity.clone()).await;
    let elsewhere = fixture.another().await;
    let (claims, revocation) = fixture.session().await;
    revoke(&elsewhere, revocation).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(follower.known(&claims).await, REVOKED);
    let (other, _) = fixture.session().await;
    for (enabled, expected) in [(false, Some(RevocationReason::ClientDisabled)), (true, None)] {
        elsewhere.set_client_enabled(&fixture.client, enabled, &Origin::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(follower.known(&other).await, expected);
    }
}

/// Threat 26: what is known is asked of nobody as long as it is fresh, and of the database from then on.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_26_what_is_known_gets_old(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let follower = Follower::start(fixture.identity.clone()).await;
    let (claims, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    follower.task.abort();
    fixture.meddle("DELETE FROM revocations").await;
    fixture.clock.advance(chrono::TimeDelta::milliseconds(1500));
    assert_eq!(follower.known(&claims).await, REVOKED);
    fixture.clock.advance(chrono::TimeDelta::milliseconds(1));
    assert_eq!(follower.known(&claims).await, None);
}

/// A directory that nobody follows asks the database.
#[rstest]
#[tokio::test]
async fn nothing_is_known_where_nobody_follows(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (claims, revocation) = fixture.session().await;
    assert_eq!(fixture.identity.known_revocation(&claims).await.unwrap(), None);
    revoke(&fixture.another().await, revocation).await;
    assert_eq!(fixture.identity.known_revocation(&claims).await.unwrap(), REVOKED);
}

/// Behind the feed stands a backup: what was known of the database before it is forgotten.
#[rstest]
#[tokio::test(start_paused = true)]
async fn an_older_database_is_read_from_its_beginning(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (kept, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    let (lost, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    let follower = Follower::start(fixture.identity.clone()).await;
    assert_eq!([follower.known(&kept).await, follower.known(&lost).await], [REVOKED; 2]);
    fixture.meddle("DELETE FROM revocations WHERE seq = (SELECT max(seq) FROM revocations)").await;
    fixture.meddle("UPDATE revocation_counter SET last = (SELECT max(seq) FROM revocations)").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    follower.task.abort();
    assert_eq!([follower.known(&kept).await, follower.known(&lost).await], [REVOKED, None]);
}
