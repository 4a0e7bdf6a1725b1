//! Replacing a client's secret without an outage.

use std::time::Duration;

use auth_claims::revocations::RevocationReason;
use identity::{
    IdentityError,
    audit::Origin,
    clients::{ClientId, ClientKind, ClientRefusal, NewClient, NewSecret, Registration, SecretRotation},
};
use rstest::rstest;
use secrecy::SecretString;
use test_kit::Backend;

use crate::fixture::Fixture;

const KEEP: SecretRotation =
    SecretRotation { keep_previous: Some(Duration::from_hours(1)), revoke_tokens: false };

async fn works(fixture: &Fixture, id: &ClientId, secret: &SecretString) -> bool {
    match fixture.identity.authenticate_client(id, secret).await {
        Ok(_) => true,
        Err(ClientRefusal::Invalid) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn the_previous_secret_ends_at_once_by_default(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (id, old) = fixture.client("booking").await;
    assert!(works(&fixture, &id, &old).await);
    let new =
        fixture.identity.rotate_secret(&id, SecretRotation::default(), &Origin::default()).await.unwrap();
    assert!(!works(&fixture, &id, &old).await);
    assert!(works(&fixture, &id, new.expose()).await);
    assert!(fixture.feed().await.is_empty(), "tokens live on unless asked otherwise");
    assert_eq!(fixture.audited("client.rotate_secret").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_kept_secret_works_until_its_end(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (id, first) = fixture.client("booking").await;
    let second = fixture.identity.rotate_secret(&id, KEEP, &Origin::default()).await.unwrap();
    assert!(works(&fixture, &id, &first).await && works(&fixture, &id, second.expose()).await);
    let ends: Vec<_> =
        fixture.identity.list_client_secrets(&id).await.unwrap().iter().map(|s| s.expires_at).collect();
    assert_eq!(ends, [None, Some(fixture.clock.now() + KEEP.keep_previous.unwrap())]);
    fixture.pass(3599);
    assert!(works(&fixture, &id, &first).await);
    fixture.pass(1);
    assert!(!works(&fixture, &id, &first).await && works(&fixture, &id, second.expose()).await);
    assert_eq!(fixture.identity.list_client_secrets(&id).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn at_most_two_secrets_are_live(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (id, first) = fixture.client("booking").await;
    let second = fixture.identity.rotate_secret(&id, KEEP, &Origin::default()).await.unwrap();
    let third = fixture.identity.rotate_secret(&id, KEEP, &Origin::default()).await.unwrap();
    assert!(!works(&fixture, &id, &first).await);
    assert!(works(&fixture, &id, second.expose()).await && works(&fixture, &id, third.expose()).await);
    assert_eq!(fixture.texts("SELECT id AS value FROM client_secrets").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn of_two_concurrent_rotations_both_secrets_work(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replica = fixture.replica().await;
    let (id, _) = fixture.client("booking").await;
    for _ in 0..5 {
        let origin = Origin::default();
        let (one, two) = tokio::join!(
            fixture.identity.rotate_secret(&id, KEEP, &origin),
            replica.rotate_secret(&id, KEEP, &origin),
        );
        assert!(works(&fixture, &id, one.unwrap().expose()).await);
        assert!(works(&fixture, &id, two.unwrap().expose()).await);
        assert_eq!(fixture.texts("SELECT id AS value FROM client_secrets").await.len(), 2);
    }
}

#[rstest]
#[tokio::test]
async fn a_leaked_secret_takes_its_tokens_along(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (id, _) = fixture.client("booking").await;
    let rotation = SecretRotation { keep_previous: None, revoke_tokens: true };
    fixture.identity.rotate_secret(&id, rotation, &Origin::default()).await.unwrap();
    let feed = fixture.feed().await;
    assert_eq!((feed.len(), feed[0].reason), (1, RevocationReason::Revoked));
    assert_eq!(feed[0].value, "booking");
    assert_eq!(fixture.audited("client.revoke_tokens").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn public_and_unknown_clients_have_no_secret_to_rotate(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let public = NewClient {
        id: Some("app".parse().unwrap()),
        kind: ClientKind::Public,
        registration: Registration::new("app"),
        secret: NewSecret::Generate,
    };
    let (public, _) = fixture.identity.create_client(public, &Origin::default()).await.unwrap();
    let refused = fixture.identity.rotate_secret(&public.id, KEEP, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))));
    let unknown = "unknown".parse().unwrap();
    let refused = fixture.identity.rotate_secret(&unknown, KEEP, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Unknown("client"))));
}
