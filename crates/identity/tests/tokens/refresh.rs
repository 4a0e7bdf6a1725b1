//! One presentation of a refresh token after the other.

use std::time::Duration;

use auth_claims::revocations::{RevocationKind, RevocationReason};
use diesel::RunQueryDsl as _;
use identity::audit::{Origin, Outcome};
use identity::clients::ClientId;
use identity::refresh::{PlainRefreshToken, RefreshError, RefreshRefusal, RefreshSettings, Rotation};
use identity::revocations::Revocation;
use rstest::rstest;
use store::{DatabaseSettings, Db, StoreError, on_backend};
use test_kit::Backend;

use crate::fixture::{Fixture, register, revoke};

impl Fixture {
    async fn rotate_as(&self, client: &ClientId, token: &str) -> Result<Rotation, RefreshRefusal> {
        match self.identity.rotate(client, token, &Origin::default()).await {
            Ok(rotation) => Ok(rotation),
            Err(RefreshError::Refused(refusal)) => Err(refusal),
            Err(RefreshError::Identity(error)) => panic!("{error}"),
        }
    }

    async fn rotate(&self, token: &PlainRefreshToken) -> Result<PlainRefreshToken, RefreshRefusal> {
        self.rotate_as(&self.client, token.expose()).await.map(|rotation| rotation.token)
    }

    async fn standing(&self, token: &PlainRefreshToken) -> Result<(), RefreshRefusal> {
        self.identity.find_family(token.expose()).await.unwrap().unwrap().standing
    }

    async fn start_refusal(&self) -> RefreshRefusal {
        match self.identity.start_family(self.family()).await {
            Err(RefreshError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }
}

#[rstest]
#[tokio::test]
async fn each_use_gives_the_next_token_of_the_same_family(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (mut token, started) = fixture.start().await;
    for generation in 1..=3 {
        fixture.wait(3600);
        let rotation = fixture.rotate_as(&fixture.client, token.expose()).await.unwrap();
        let now = fixture.identity.clock().now();
        let mut expected = started.clone();
        (expected.generation, expected.rotated_at) = (generation, now);
        assert_eq!(rotation.family, expected);
        assert_eq!(fixture.identity.find_family(token.expose()).await.unwrap().unwrap().family, expected);
        assert_eq!((rotation.account.id, &rotation.client.id), (fixture.account, &fixture.client));
        assert_eq!(rotation.issued_at, now);
        assert_ne!(rotation.token, token);
        token = rotation.token;
    }
    assert_eq!(fixture.feed().await, []);
}

/// Threat 1: a refresh token belongs to its client, and presenting it elsewhere does it no harm.
#[rstest]
#[tokio::test]
async fn threat_01_another_client_is_refused_and_the_token_untouched(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (first, _) = fixture.start().await;
    let second = fixture.rotate(&first).await.unwrap();
    // The one before, the newest, and one long used: the other client never learns which it holds.
    for token in [&first, &second] {
        let refused = fixture.rotate_as(&fixture.other_client, token.expose()).await.unwrap_err();
        assert_eq!(refused, RefreshRefusal::WrongClient);
    }
    let third = fixture.rotate(&second).await.unwrap();
    let refused = fixture.rotate_as(&fixture.other_client, first.expose()).await.unwrap_err();
    assert_eq!(refused, RefreshRefusal::WrongClient);
    assert_eq!(fixture.feed().await, []);
    assert_eq!(fixture.audited("refresh_token.reuse").await, []);
    fixture.rotate(&third).await.unwrap();
}

/// Threat 3: an answer that was lost is given again; a replay after its use ends the family, for all to see.
#[rstest]
#[tokio::test]
async fn threat_03_a_lost_answer_is_repeated_and_a_replay_ends_the_family(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (first, family) = fixture.start().await;
    let second = fixture.rotate(&first).await.unwrap();
    for seconds in [0, 30, 29] {
        fixture.wait(seconds);
        assert_eq!(fixture.rotate(&first).await.unwrap(), second);
    }
    let third = fixture.rotate(&second).await.unwrap();
    let access_token = fixture.claims(&family);
    assert_eq!(fixture.identity.find_revocation(&access_token).await.unwrap(), None);

    let thief = Origin {
        client_id: Some("web".into()),
        dialect: Some("oauth2".into()),
        address: Some([203, 0, 113, 7].into()),
        request_id: Some("r-1".into()),
        actor: None,
    };
    let refused = fixture.identity.rotate(&fixture.client, first.expose(), &thief).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Refused(RefreshRefusal::Reused)), "{refused}");

    for token in [&first, &second, &third] {
        assert_eq!(fixture.rotate(token).await, Err(RefreshRefusal::Revoked));
        assert_eq!(fixture.standing(token).await, Err(RefreshRefusal::Revoked));
    }
    let feed = fixture.feed().await;
    assert_eq!(feed.len(), 1);
    assert_eq!((feed[0].kind, feed[0].value.as_str()), (RevocationKind::Sid, family.sid.as_str()));
    assert_eq!(
        (feed[0].reason, feed[0].issued_before),
        (RevocationReason::ReuseDetected, feed[0].expires_at)
    );
    let revoked = fixture.identity.find_revocation(&access_token).await.unwrap();
    assert_eq!(revoked, Some(RevocationReason::ReuseDetected));
    let events = fixture.audited("refresh_token.reuse").await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].origin, events[0].outcome), (&thief, Outcome::Failure));
    assert_eq!(events[0].target, Some(family.id.to_string()));
}

/// Only a new successor is written: a repeated answer and a refusal leave the database as it was.
#[rstest]
#[tokio::test]
async fn a_repeated_answer_costs_no_write(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    // SQLite's counter of others' commits; PostgreSQL's transactions that changed or locked the row.
    let query = match backend {
        Backend::Sqlite => "SELECT CAST(data_version AS TEXT) AS stamp FROM pragma_data_version",
        Backend::Postgres => "SELECT xmin::text || '/' || xmax::text AS stamp FROM refresh_families",
    };
    // One connection, kept open: SQLite counts for each its own.
    let observer = Db::open(&DatabaseSettings { max_connections: 1, ..fixture.settings() }).unwrap();
    let stamp = async || {
        let read = observer.read(move |conn| {
            let rows = on_backend!(conn, |c| diesel::sql_query(query).load::<Stamp>(c));
            Ok::<_, StoreError>(rows?.remove(0).stamp)
        });
        read.await.unwrap()
    };
    let (first, _) = fixture.start().await;
    let started = stamp().await;
    fixture.rotate(&first).await.unwrap();
    let rotated = stamp().await;
    assert_ne!(started, rotated);
    fixture.rotate(&first).await.unwrap();
    fixture.rotate_as(&fixture.other_client, first.expose()).await.unwrap_err();
    assert_eq!(stamp().await, rotated);
}

#[derive(diesel::QueryableByName)]
struct Stamp {
    #[diesel(sql_type = diesel::sql_types::Text)]
    stamp: String,
}

#[rstest]
#[tokio::test]
async fn a_token_presented_after_the_window_ends_the_family(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (first, _) = fixture.start().await;
    let second = fixture.rotate(&first).await.unwrap();
    fixture.wait(60);
    assert_eq!(fixture.standing(&first).await, Err(RefreshRefusal::Reused));
    assert_eq!(fixture.standing(&second).await, Ok(()), "looking is not using");
    assert_eq!(fixture.rotate(&first).await, Err(RefreshRefusal::Reused));
    assert_eq!(fixture.rotate(&second).await, Err(RefreshRefusal::Revoked));
}

#[rstest]
#[tokio::test]
async fn families_end_when_unused_for_long_and_when_old(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut fixture = Fixture::on(backend).await;
    let settings = RefreshSettings {
        grace: Duration::from_mins(1),
        absolute: Duration::from_secs(1000),
        idle: Duration::from_secs(400),
    };
    fixture.identity = fixture.identity.clone().with_refresh(settings);
    let (idle, _) = fixture.start().await;
    let (mut used, _) = fixture.start().await;
    for _ in 0..2 {
        fixture.wait(399);
        used = fixture.rotate(&used).await.unwrap();
    }
    assert_eq!(fixture.rotate(&idle).await, Err(RefreshRefusal::Expired));
    fixture.wait(201);
    used = fixture.rotate(&used).await.unwrap();
    fixture.wait(1);
    assert_eq!(fixture.rotate(&used).await, Err(RefreshRefusal::Expired));
    assert_eq!(fixture.standing(&used).await, Err(RefreshRefusal::Expired));
    assert_eq!(fixture.feed().await, [], "nothing was stolen");
}

/// A session with an end of its own takes its family along; one that outlived a revocation may begin a family.
#[rstest]
#[tokio::test]
async fn a_family_ends_with_the_session_it_belongs_to(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let mut session = fixture.family();
    session.until = Some(fixture.clock.now() + chrono::TimeDelta::seconds(100));
    fixture.wait(5);
    let now = fixture.identity.clock().now();
    let changed = Revocation::of_account(fixture.account, RevocationReason::PasswordChanged, now);
    revoke(&fixture.identity, changed).await;
    fixture.wait(5);
    session.proven_at = fixture.clock.now();
    let (first, family) = fixture.identity.start_family(session.clone()).await.unwrap();
    assert_eq!((Some(family.expires_at), family.auth_time), (session.until, session.auth_time));
    fixture.wait(89);
    let second = fixture.rotate(&first).await.unwrap();
    fixture.wait(1);
    assert_eq!(fixture.rotate(&second).await, Err(RefreshRefusal::Expired));
}

/// Threat 9: account and client are asked about at every use, whichever way the token is looked at.
#[rstest]
#[tokio::test]
async fn threat_09_a_disabled_account_or_client_gets_no_successor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (first, _) = fixture.start().await;
    let second = fixture.rotate(&first).await.unwrap();

    for (account, client, refusal) in
        [(false, true, RefreshRefusal::AccountDisabled), (true, false, RefreshRefusal::ClientDisabled)]
    {
        identity.set_account_enabled(fixture.account, account, &origin).await.unwrap();
        identity.set_client_enabled(&fixture.client, client, &origin).await.unwrap();
        for token in [&first, &second] {
            assert_eq!(fixture.rotate(token).await, Err(refusal));
            assert_eq!(fixture.standing(token).await, Err(refusal));
        }
        assert_eq!(fixture.start_refusal().await, refusal);
    }

    identity.set_client_enabled(&fixture.client, true, &origin).await.unwrap();
    assert_eq!(fixture.rotate(&first).await.unwrap(), second, "the state is over, and nothing was used up");
}

/// Threat 9: what ends an account's or client's sessions ends their refresh tokens.
#[rstest]
#[tokio::test]
async fn threat_09_a_new_password_and_a_deletion_end_the_families(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        RevocationReason::PasswordChanged,
        RevocationReason::AccountDeleted,
        RevocationReason::ClientDeleted
    )]
    reason: RevocationReason,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (first, family) = fixture.start().await;
    let second = fixture.rotate(&first).await.unwrap();
    let gone = match reason {
        RevocationReason::PasswordChanged => {
            let password = "correct horse battery staple".to_owned().into();
            identity.set_password(fixture.account, &password, &origin).await.unwrap();
            RefreshRefusal::Revoked
        }
        RevocationReason::AccountDeleted => {
            identity.delete_account(fixture.account, &origin).await.unwrap();
            RefreshRefusal::Unknown
        }
        _ => {
            identity.delete_client(&fixture.client, &origin).await.unwrap();
            // Made anew under the old id, it inherits nothing.
            register(identity, "web").await;
            RefreshRefusal::Unknown
        }
    };
    for token in [&first, &second] {
        assert_eq!(fixture.rotate(token).await, Err(gone));
    }
    let found = identity.find_revocation(&fixture.claims(&family)).await.unwrap();
    let expected = if reason == RevocationReason::ClientDeleted { RevocationReason::Revoked } else { reason };
    assert_eq!(found, Some(expected));
}

/// A sign-in from before a revocation starts no family after it.
#[rstest]
#[tokio::test]
async fn a_revoked_sign_in_is_not_kept_alive(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let signed_in = fixture.family();
    fixture.wait(5);
    let now = fixture.identity.clock().now();
    let changed = Revocation::of_account(fixture.account, RevocationReason::PasswordChanged, now);
    revoke(&fixture.identity, changed).await;
    let refused = fixture.identity.start_family(signed_in).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Refused(RefreshRefusal::Revoked)), "{refused}");

    fixture.wait(5);
    let again = fixture.family();
    let now = fixture.identity.clock().now();
    revoke(&fixture.identity, Revocation::of_session(&again.sid, RevocationReason::SignedOut, now)).await;
    let refused = fixture.identity.start_family(again).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Refused(RefreshRefusal::Revoked)), "{refused}");
    fixture.start().await;
}

#[rstest]
#[tokio::test]
async fn revoking_a_family_ends_its_session_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (token, family) = fixture.start().await;
    let mut derived = fixture.family();
    (derived.sid, derived.client_id) = (family.sid.clone(), fixture.other_client.clone());
    let (derived, _) = fixture.identity.start_family(derived).await.unwrap();
    let (unrelated, _) = fixture.start().await;

    let origin = Origin { actor: Some(fixture.account.to_string()), ..Origin::default() };
    let revoke = || fixture.identity.revoke_family(&family.id, RevocationReason::SignedOut, &origin);
    assert!(revoke().await.unwrap());
    assert!(!revoke().await.unwrap(), "once is enough");

    assert_eq!(fixture.rotate(&token).await, Err(RefreshRefusal::Revoked));
    let other = fixture.rotate_as(&fixture.other_client, derived.expose()).await;
    assert_eq!(other.unwrap_err(), RefreshRefusal::Revoked);
    fixture.rotate(&unrelated).await.unwrap();
    let found = fixture.identity.find_revocation(&fixture.claims(&family)).await.unwrap();
    assert_eq!(found, Some(RevocationReason::SignedOut));
    let events = fixture.audited("refresh_token.revoke").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].origin, origin);
}

#[rstest]
#[tokio::test]
async fn what_is_no_token_is_refused_before_the_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, foreign) = (Fixture::on(backend).await, Fixture::on(backend).await);
    let (token, _) = foreign.start().await;
    for garbage in ["", "trt_", "x", token.expose()] {
        let refused = fixture.rotate_as(&fixture.client, garbage).await.unwrap_err();
        assert_eq!(refused, RefreshRefusal::Malformed);
        assert!(fixture.identity.find_family(garbage).await.unwrap().is_none());
    }
}
