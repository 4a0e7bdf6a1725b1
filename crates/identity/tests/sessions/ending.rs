//! Sessions end with what they rest on (threats 9 and 26).

use auth_claims::revocations::{RevocationKind, RevocationReason};
use chrono::TimeDelta;
use identity::accounts::AccountId;
use identity::audit::Origin;
use identity::clients::{ClientKind, NewClient, NewSecret, Registration};
use identity::refresh::{NewFamily, RefreshRefusal};
use identity::revocations::{self, Revocation};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, secret, several, values};

/// What can befall an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Disabled,
    Deleted,
    AnotherPassword,
    SamePassword,
    Revoked,
}

impl Fate {
    async fn befall(self, fixture: &Fixture, id: AccountId) {
        let (identity, origin) = (&fixture.identity, Origin::default());
        match self {
            Self::Disabled => drop(identity.set_account_enabled(id, false, &origin).await.unwrap()),
            Self::Deleted => identity.delete_account(id, &origin).await.unwrap(),
            Self::AnotherPassword => {
                identity.set_password(id, &secret("Nouveau-Mot-De-Passe-7"), &origin).await.unwrap();
            }
            Self::SamePassword => identity.set_password(id, &secret(PASSWORD), &origin).await.unwrap(),
            Self::Revoked => {
                let revocation = Revocation::of_account(id, RevocationReason::Revoked, fixture.clock.now());
                let revoke = move |conn: &mut _| revocations::revoke(conn, &revocation);
                identity.write_revoking(revoke).await.unwrap();
            }
        }
    }
}

/// Threats 9 and 26: all sessions of the account end at once, on every replica, with all that was issued for them, even
/// if that is dated later; nobody else's do; and they do not come back.
#[rstest]
#[tokio::test]
async fn threat_09_a_session_ends_with_what_it_rests_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Fate::Disabled, Fate::Deleted, Fate::AnotherPassword, Fate::SamePassword, Fate::Revoked)]
    fate: Fate,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("bob").await;
    let bob = fixture.sign_in("bob").await;
    let sessions =
        [fixture.sign_in_with("ada", &several(2)).await, fixture.sign_in_with("ada", &several(2)).await];
    let (replica, id) = (fixture.replica().await, sessions[0].session.account.id);
    fixture.pass(1000);
    fate.befall(&fixture, id).await;
    for opened in &sessions {
        assert!(fixture.present(&values(opened)).await.is_none());
        assert!(replica.find_device_session(&values(opened)).await.unwrap().is_none());
        assert!(!replica.sign_out_device(&values(opened), &Origin::default()).await.unwrap());
        // The entry of a deleted account hits every token, whenever it was issued; the others only earlier ones.
        assert_eq!(fixture.is_revoked(&opened.session.sid).await, fate != Fate::Deleted);
    }
    assert!(fixture.present(&values(&bob)).await.is_some());
    assert!(!fixture.is_revoked(&bob.session.sid).await);
    assert_eq!(fixture.count("device_sessions").await, 1);
    let feed = fixture.feed().await;
    let account = feed.iter().find(|entry| entry.kind == RevocationKind::Sub).unwrap();
    assert_eq!(account.value, id.to_string());
    let later = fixture.clock.now() + TimeDelta::hours(1);
    assert!(
        feed.iter().filter(|e| e.kind == RevocationKind::Sid).all(|e| e.issued_before > later.timestamp())
    );

    if fate == Fate::Disabled {
        fixture.identity.set_account_enabled(id, true, &Origin::default()).await.unwrap();
        assert!(fixture.present(&values(&sessions[0])).await.is_none(), "it does not come back");
    }
    if fate != Fate::Deleted && fate != Fate::AnotherPassword {
        let again = fixture.sign_in("ada").await;
        assert!(fixture.present(&values(&again)).await.is_some());
    }
}

/// Whoever ends a session by its id, as the replay of a refresh token issued for it does, ends all of it.
#[rstest]
#[tokio::test]
async fn threat_26_a_session_revoked_by_its_id_takes_its_token_and_families_along(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] from_the_family: bool,
) {
    let fixture = Fixture::on(backend).await;
    let new = NewClient {
        id: Some("web".parse().unwrap()),
        kind: ClientKind::Service,
        registration: Registration::new("web"),
        secret: NewSecret::Generate,
    };
    let client = fixture.identity.create_client(new, &Origin::default()).await.unwrap().0.id;
    fixture.pass(1000);
    let opened = fixture.sign_in("ada").await;
    let now = fixture.clock.now();
    let family = NewFamily {
        client_id: client,
        account_id: opened.session.account.id,
        sid: opened.session.sid.clone(),
        scope: "offline_access".parse().unwrap(),
        audience: vec!["agenda".to_owned()],
        application_id: None,
        auth_time: now,
        proven_at: now,
        until: Some(opened.session.expires_at),
        amr: vec!["pwd".to_owned()],
    };
    let (token, family) = fixture.identity.start_family(family).await.unwrap();
    if from_the_family {
        let ended = RevocationReason::ReuseDetected;
        fixture.identity.revoke_family(&family.id, ended, &Origin::default()).await.unwrap();
    } else {
        fixture.identity.sign_out_device(&values(&opened), &Origin::default()).await.unwrap();
    }
    assert!(fixture.present(&values(&opened)).await.is_none());
    let found = fixture.identity.find_family(token.expose()).await.unwrap().unwrap();
    assert_eq!(found.standing, Err(RefreshRefusal::Revoked));
    assert!(fixture.is_revoked(&opened.session.sid).await);
}
