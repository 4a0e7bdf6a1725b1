//! Signing keys in the database: one key set for all replicas.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::audit::Origin;
use rstest::rstest;
use test_kit::Backend;
use token_signing::{KeyState, Keyring, ManualRotation, RotationPolicy};

use crate::fixture::Fixture;

fn policy() -> RotationPolicy {
    RotationPolicy::default()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_several_replicas_one_makes_the_next_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replicas = [fixture.identity.clone(), fixture.another().await, fixture.another().await];
    for expected in 1..=3 {
        let advances = replicas.iter().cycle().take(12).map(|replica| {
            let replica = replica.clone();
            tokio::spawn(async move { replica.advance_keys(&policy()).await.unwrap() })
        });
        let seen: HashSet<Vec<String>> = join_all(advances)
            .await
            .into_iter()
            .map(|keys| keys.unwrap().into_iter().map(|key| key.kid).collect())
            .collect();
        assert_eq!(seen.len(), 1, "all replicas end with the same keys");
        let keys = fixture.identity.load_keys().await.unwrap();
        assert_eq!(keys.len(), expected.min(2), "the one before the last is dead, and deleted");
        assert_eq!(fixture.audited("signing_key.create").await.len(), expected);
        // The next is due a little before the newest has served its time.
        let due = keys[keys.len() - 1].activates_at + policy().interval - policy().publish_lead;
        fixture.clock.advance(due - fixture.clock.now());
    }
}

#[rstest]
#[tokio::test]
async fn stored_keys_sign_and_open_under_their_master_key_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, foreign) = (Fixture::on(backend).await, Fixture::on(backend).await);
    let made = fixture.identity.advance_keys(&policy()).await.unwrap();
    let stored = fixture.identity.load_keys().await.unwrap();
    assert_eq!(stored, made, "nothing is lost on the way through the database");
    let (identity, now) = (&fixture.identity, fixture.clock.now());
    let keyring = Keyring::from_stored(&stored, identity.secrets().sealer(), now).unwrap();
    let (_, family) = fixture.start().await;
    assert!(keyring.sign(&fixture.claims(&family), now).unwrap().starts_with("ey"));
    assert!(Keyring::from_stored(&stored, foreign.identity.secrets().sealer(), now).is_err());
}

#[rstest]
#[tokio::test]
async fn withdrawing_leaves_one_key_and_a_trace(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let old = fixture.identity.advance_keys(&policy()).await.unwrap().remove(0);
    fixture.clock.advance(TimeDelta::hours(1));
    let operator = Origin { actor: Some("operator".into()), ..Origin::default() };
    let withdraw = ManualRotation::Withdraw;
    let keys = fixture.identity.rotate_keys(&policy(), withdraw, &operator).await.unwrap();
    let states: Vec<KeyState> = keys.iter().map(|key| key.state(fixture.clock.now())).collect();
    assert_eq!(states, [KeyState::Dead, KeyState::Active]);
    let retired = fixture.audited("signing_key.retire").await;
    assert_eq!((retired.len(), retired[0].target.as_deref()), (1, Some(old.kid.as_str())));
    assert_eq!(retired[0].origin, operator);

    let keys = fixture.identity.advance_keys(&policy()).await.unwrap();
    assert!(keys.iter().all(|key| key.kid != old.kid), "a dead key is deleted");
    assert_eq!(fixture.audited("signing_key.delete").await.len(), 1);
}
