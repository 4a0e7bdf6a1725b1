//! Changing the password from a session (contracts/rdv-sign-in.md §7).

use auth_claims::revocations::RevocationKind;
use identity::audit::Origin;
use identity::device_sessions::ChangeRefusal;
use identity::passwords::rules::RuleBroken;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, credential, secret, several, values};

const NEW: &str = "Coquelicot-Bleu-27";

#[rstest]
#[tokio::test]
async fn threat_26_a_change_keeps_its_own_session_and_ends_the_others(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let own = fixture.sign_in_with("ada", &several(3)).await;
    let others =
        [fixture.sign_in_with("ada", &several(3)).await, fixture.sign_in_with("ada", &several(3)).await];
    fixture.pass(1000);
    let changed =
        fixture.identity.change_password_on_device(&values(&own), &secret(NEW), &Origin::default()).await;
    let changed = changed.unwrap().unwrap();
    assert_eq!((&changed.sid, changed.expires_at), (&own.session.sid, own.session.expires_at));
    assert_eq!(fixture.present(&values(&own)).await, Some(changed));
    for other in &others {
        assert!(fixture.present(&values(other)).await.is_none());
        assert!(fixture.is_revoked(&other.session.sid).await);
    }
    assert!(!fixture.is_revoked(&own.session.sid).await, "what is issued for it from now on is good");
    let feed = fixture.feed().await;
    let account = feed.iter().find(|entry| entry.kind == RevocationKind::Sub).unwrap();
    assert_eq!((account.reason.as_str(), account.issued_before), ("password_changed", fixture.clock.unix()));
    let events = fixture.audited("account.set_password").await;
    assert_eq!(events[0].origin.actor, Some(own.session.account.id.to_string()));

    fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await.unwrap_err();
    fixture.try_from("192.0.2.1", "ada@example.org", NEW).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_password_that_breaks_the_rules_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (own, other) =
        (fixture.sign_in_with("ada", &several(2)).await, fixture.sign_in_with("ada", &several(2)).await);
    let long = "A1-".repeat(1024 * 100);
    for (password, rule) in [
        ("Coquelicot7", RuleBroken::TooShort),
        (&long, RuleBroken::TooLong),
        ("coquelicot-bleu-27", RuleBroken::NoUpperCase),
        ("Motdepasse-2026", RuleBroken::Common),
    ] {
        let (values, password) = (values(&own), secret(password));
        match fixture.identity.change_password_on_device(&values, &password, &Origin::default()).await {
            Err(ChangeRefusal::Rules(broken)) => assert!(broken.contains(&rule), "{broken:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        fixture.present(&values(&own)).await.is_some() && fixture.present(&values(&other)).await.is_some()
    );
    assert_eq!(fixture.feed().await, []);
    fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn only_a_live_session_changes_the_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (old, own) = (fixture.sign_in("ada").await, fixture.sign_in("ada").await);
    let wrong = credential(old.token.expose(), &own.session.client, &values(&own).uid);
    for credential in [values(&old), wrong] {
        // The session comes before the rules: whoever has none does not learn them.
        for password in [NEW, "short"] {
            let changed = fixture
                .identity
                .change_password_on_device(&credential, &secret(password), &Origin::default())
                .await;
            assert!(changed.unwrap().is_none());
        }
    }
    fixture.pass(24 * 3600 * 1000);
    let expired =
        fixture.identity.change_password_on_device(&values(&own), &secret(NEW), &Origin::default()).await;
    assert!(expired.unwrap().is_none());
    fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await.unwrap();
}
