//! What a process knows of revocations, and how it stays as the database has it.

use std::time::{Duration, Instant};

use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::revocations::RevocationReason;
use diesel::prelude::*;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use identity::revocations::{self, PAGE, Revocation, TokenStanding};
use rstest::rstest;
use store::{StoreError, on_backend};
use test_kit::Backend;

use crate::fixture::{Fixture, revoke};

const REVOKED: Option<RevocationReason> = Some(RevocationReason::Revoked);

impl Fixture {
    async fn session(&self) -> (AccessClaims, Revocation) {
        let claims = self.claims(&self.start().await.1);
        let sid = claims.sid.clone().unwrap();
        (claims, Revocation::of_session(sid, RevocationReason::Revoked, self.clock.now()))
    }

    /// What is told of a token, which is what whoever acts on it is told.
    async fn revocation(&self, claims: &AccessClaims) -> Option<RevocationReason> {
        let told = self.identity.find_token_standing(claims).await.unwrap().revoked;
        assert_eq!(self.identity.find_revocation(claims).await.unwrap(), told);
        self.identity.find_token_standing(claims).await.unwrap().revoked
    }

    /// What only somebody can do who works on the database itself.
    async fn meddle(&self, sql: &'static str) {
        let work = move |conn: &mut _| {
            on_backend!(conn, |c| diesel::sql_query(sql).execute(c)).map_err(StoreError::from)
        };
        self.db().write(work).await.unwrap();
    }
}

/// Threat 26: what this process revokes, another one, or a service beside the directory with connections of its own: it
/// counts from the commit on, for tokens that were looked at before as well.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_what_anybody_revokes_counts_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let elsewhere = fixture.another().await;
    let (feed, db) = (fixture.identity.revocation_feed(), fixture.db());
    for round in 0..30 {
        let (claims, revocation) = fixture.session().await;
        assert_eq!(fixture.revocation(&claims).await, None);
        match round % 3 {
            0 => drop(revoke(&fixture.identity, revocation).await),
            1 => drop(revoke(&elsewhere, revocation).await),
            _ => drop(feed.write(&db, move |conn| revocations::revoke(conn, &revocation)).await.unwrap()),
        }
        assert_eq!(fixture.revocation(&claims).await, REVOKED);
    }
}

/// Threat 26: many who ask at once while others revoke all see what was committed before they asked.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_nobody_is_told_what_was_true_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let elsewhere = fixture.another().await;
    let mut sessions = vec![];
    for _ in 0..24 {
        sessions.push(fixture.session().await);
    }
    let askers = sessions.into_iter().enumerate().map(|(place, (claims, revocation))| {
        let (identity, revoker) = (fixture.identity.clone(), elsewhere.clone());
        tokio::spawn(async move {
            let revoked = async || identity.find_token_standing(&claims).await.unwrap().revoked;
            for _ in 0..place {
                assert_eq!(revoked().await, None);
            }
            revoke(&revoker, revocation).await;
            for _ in 0..5 {
                assert_eq!(revoked().await, REVOKED);
            }
        })
    });
    for asker in askers.collect::<Vec<_>>() {
        asker.await.unwrap();
    }
}

/// A state that another process ends is over at once.
#[rstest]
#[tokio::test]
async fn a_state_counts_and_ends_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let elsewhere = fixture.another().await;
    let (claims, _) = fixture.session().await;
    for (enabled, expected) in [
        (false, Some(RevocationReason::ClientDisabled)),
        (true, None),
        (false, Some(RevocationReason::ClientDisabled)),
    ] {
        elsewhere.set_client_enabled(&fixture.client, enabled, &Origin::default()).await.unwrap();
        assert_eq!(fixture.revocation(&claims).await, expected);
    }
}

/// What was read once is not read again.
#[rstest]
#[tokio::test]
async fn what_is_known_is_not_asked_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (claims, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    assert_eq!(fixture.revocation(&claims).await, REVOKED);
    fixture.meddle("DELETE FROM revocations").await;
    assert_eq!(fixture.revocation(&claims).await, REVOKED);
    let newcomer = fixture.another().await;
    assert_eq!(newcomer.find_revocation(&claims).await.unwrap(), None);
}

/// A feed of several pages is read page by page; meanwhile every answer is right.
#[rstest]
#[tokio::test]
async fn a_long_feed_is_read_by_pages(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (first, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    let now = fixture.clock.now();
    let many = move |conn: &mut _| {
        for number in 0..2 * PAGE {
            let one = Revocation::of_token(format!("token {number}"), RevocationReason::Revoked, now);
            revocations::revoke(conn, &one)?;
        }
        Ok::<_, StoreError>(())
    };
    fixture.db().write(many).await.unwrap();
    let (last, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    let (live, _) = fixture.session().await;
    let newcomer = fixture.another().await;
    for _ in 0..5 {
        for (claims, expected) in [(&last, REVOKED), (&live, None), (&first, REVOKED)] {
            assert_eq!(newcomer.find_revocation(claims).await.unwrap(), expected);
        }
    }
}

/// Behind the feed stands a backup: what was known of the database before it is forgotten.
#[rstest]
#[tokio::test]
async fn an_older_database_is_read_from_its_beginning(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (kept, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    let (lost, revocation) = fixture.session().await;
    revoke(&fixture.identity, revocation).await;
    assert_eq!([fixture.revocation(&kept).await, fixture.revocation(&lost).await], [REVOKED; 2]);
    fixture.meddle("DELETE FROM revocations WHERE seq = (SELECT max(seq) FROM revocations)").await;
    fixture.meddle("UPDATE revocation_counter SET last = (SELECT max(seq) FROM revocations)").await;
    // Who works on the database itself acknowledges nothing; whoever looked at the counter just now looks again soon.
    tokio::time::sleep(Duration::from_millis(25)).await;
    assert_eq!([fixture.revocation(&kept).await, fixture.revocation(&lost).await], [REVOKED, None]);
}

/// A token's subject has a name while its account is enabled; a client is its own.
#[rstest]
#[tokio::test]
async fn a_standing_names_the_subject(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let identity = &fixture.identity;
    let (claims, revocation) = fixture.session().await;
    let own = AccessClaims { kind: SubjectKind::Client, sub: "web".into(), sid: None, ..claims.clone() };
    let nobody = AccessClaims { sub: "nobody".into(), ..claims.clone() };
    let standing =
        |revoked, username: Option<&str>| TokenStanding { revoked, username: username.map(Into::into) };
    assert_eq!(identity.find_token_standing(&claims).await.unwrap(), standing(None, Some("ada")));
    assert_eq!(identity.find_token_standing(&own).await.unwrap(), standing(None, Some("web")));
    assert_eq!(identity.find_token_standing(&nobody).await.unwrap(), standing(None, None));
    revoke(identity, revocation).await;
    assert_eq!(identity.find_token_standing(&claims).await.unwrap(), standing(REVOKED, Some("ada")));
    let (claims, _) = fixture.session().await;
    identity.set_account_enabled(fixture.account, false, &Origin::default()).await.unwrap();
    let disabled = standing(Some(RevocationReason::AccountDisabled), None);
    assert_eq!(identity.find_token_standing(&claims).await.unwrap(), disabled);
}

/// Threat 26: a name, too, is what the database says, whoever changes it, for tokens that were looked at a moment before.
#[rstest]
#[tokio::test]
async fn threat_26_a_name_that_ends_elsewhere_ends_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let elsewhere = fixture.another().await;
    let (claims, _) = fixture.session().await;
    let name = async || fixture.identity.find_token_standing(&claims).await.unwrap().username;
    assert_eq!(name().await.as_deref(), Some("ada"));
    for login in ["countess", "lovelace", "ada"] {
        let profile = AccountProfile::new(login);
        elsewhere.update_account(fixture.account, profile, &Origin::default()).await.unwrap();
        assert_eq!(name().await.as_deref(), Some(login));
    }
    for (enabled, expected) in [(false, None), (true, Some("ada")), (false, None), (true, Some("ada"))] {
        elsewhere.set_account_enabled(fixture.account, enabled, &Origin::default()).await.unwrap();
        assert_eq!(name().await.as_deref(), expected);
    }
    elsewhere.delete_account(fixture.account, &Origin::default()).await.unwrap();
    assert_eq!(name().await, None);
}

/// Who revokes nothing waits for nothing, and whoever does is told when no process can miss it any more.
#[rstest]
#[tokio::test]
async fn only_what_revokes_waits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const TERM: Duration = Duration::from_millis(25);
    let fixture = Fixture::on(backend).await;
    let (_, revocation) = fixture.session().await;
    let start = Instant::now();
    revoke(&fixture.identity, revocation).await;
    assert!(start.elapsed() >= TERM);
    let mut quickest = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        let nothing = fixture.identity.write_revoking(|_| Ok::<_, StoreError>(()));
        nothing.await.unwrap();
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < TERM, "{quickest:?}");
}

/// Threat 26: what is not acknowledged yet counts already for whoever issues something by a token. In the next second a token
/// could be issued that what was revoked in this one does not hit.
#[rstest]
#[tokio::test]
async fn threat_26_nothing_is_issued_by_what_was_revoked_a_moment_ago(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for _ in 0..10 {
        let (claims, revocation) = fixture.session().await;
        assert_eq!(fixture.revocation(&claims).await, None);
        // Not as whoever revokes does it, who would wait.
        fixture.db().write(move |conn| revocations::revoke(conn, &revocation)).await.unwrap();
        assert_eq!(fixture.identity.find_revocation(&claims).await.unwrap(), REVOKED);
    }
}
