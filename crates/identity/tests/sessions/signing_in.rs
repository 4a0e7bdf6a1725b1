//! What a sign-in gives (contracts/rdv-sign-in.md §3, §8.2).

use std::time::Duration;

use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::device_sessions::DeviceSettings;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, email, from, secret, values};

#[rstest]
#[tokio::test]
async fn a_sign_in_gives_values_that_work(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let origin = Origin { dialect: Some("rdv".to_owned()), ..from("192.0.2.1") };
    let settings = DeviceSettings::default();
    let opened = fixture
        .identity
        .sign_in_by_email(&email("ada"), &secret(PASSWORD), &settings, &origin)
        .await
        .unwrap();
    let session = &opened.session;
    assert_eq!((opened.token.expose().len(), session.client.len()), (22, 22));
    assert_ne!(opened.token.expose(), session.client);
    assert_eq!((&session.account, session.created_at), (&ada, fixture.clock.now()));
    assert_eq!(fixture.present(&values(&opened)).await.as_ref(), Some(session));

    let events = fixture.audited("device_session.open").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].origin, Origin { actor: Some(ada.id.to_string()), ..origin });
    assert_eq!(events[0].target.as_ref(), Some(&session.sid));
}

#[rstest]
#[tokio::test]
async fn the_address_is_trimmed_and_folded_and_a_login_is_no_address(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    // Its login is the address of the first.
    let profile = AccountProfile::new(email("ada"));
    let new = NewAccount { profile, password: NewPassword::Plain(secret("Autre-Mot-De-Passe-7")) };
    fixture.identity.create_account(new, &Origin::default()).await.unwrap();
    for text in ["ada@example.org", "  Ada@EXAMPLE.org\t\n", "ADA@EXAMPLE.ORG\u{a0}"] {
        let opened = fixture.try_from("192.0.2.1", text, PASSWORD).await.unwrap();
        assert_eq!(opened.session.account.login, "ada", "{text:?}");
    }
    for (text, password) in [("ada", PASSWORD), ("ada@example.org", "Autre-Mot-De-Passe-7")] {
        fixture.try_from("192.0.2.1", text, password).await.unwrap_err();
    }
}

/// A session lasts as long as was configured when it began, to the second, and use does not extend it.
#[rstest]
#[tokio::test]
async fn threat_26_the_end_itself_is_too_late(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values((24 * 3600, 0), (24 * 3600, 999), (1, 0), (1, 999), (30 * 24 * 3600, 1))] case: (u64, i64),
) {
    let (fixture, (seconds, fraction)) = (Fixture::on(backend).await, case);
    let begun = fixture.clock.now();
    fixture.pass(fraction);
    let lifetime = Duration::from_secs(seconds) + Duration::from_millis(700);
    let settings = DeviceSettings { lifetime, ..DeviceSettings::default() };
    let opened = fixture.sign_in_with("ada", &settings).await;
    let end = begun + Duration::from_secs(seconds);
    assert_eq!(opened.session.expires_at, end);

    fixture.pass((end - fixture.clock.now()).num_milliseconds() - 1);
    let found = fixture.present(&values(&opened)).await;
    assert_eq!(found.unwrap().expires_at, end);
    fixture.pass(1);
    assert!(fixture.present(&values(&opened)).await.is_none(), "at its end");
    fixture.pass(1);
    assert!(fixture.present(&values(&opened)).await.is_none(), "after its end");
    let signed_out = fixture.identity.sign_out_device(&values(&opened), &Origin::default()).await;
    assert!(!signed_out.unwrap());
}

/// No setting makes a session that lasts longer than what the settings can say.
#[rstest]
#[tokio::test]
async fn no_session_lasts_longer_than_thirty_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let settings = DeviceSettings { lifetime: Duration::MAX, max_clients: 0 };
    let opened = fixture.sign_in_with("ada", &settings).await;
    let thirty_days = Duration::from_hours(30 * 24);
    assert_eq!(opened.session.expires_at, fixture.clock.now() + thirty_days);
}

/// Neither the token nor the client id is stored, as text or otherwise, nor does the trail or the feed hold them.
#[rstest]
#[tokio::test]
async fn only_keyed_hashes_are_stored(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let opened = fixture.sign_in("ada").await;
    fixture.identity.sign_out_device(&values(&opened), &Origin::default()).await.unwrap();
    let opened = fixture.sign_in("ada").await;
    let secrets = [opened.token.expose(), opened.session.client.as_str(), PASSWORD];
    let stored: Vec<u8> = if let Some(file) = fixture.database.url().strip_prefix("sqlite:") {
        let log = std::fs::read(format!("{file}-wal")).unwrap_or_default();
        [std::fs::read(file).unwrap(), log].concat()
    } else {
        let queries = [
            "SELECT CAST(d AS TEXT) AS value FROM device_sessions d",
            "SELECT CAST(n AS TEXT) AS value FROM familiar_networks n",
            "SELECT CAST(r AS TEXT) AS value FROM revocations r",
            "SELECT CAST(a AS TEXT) AS value FROM audit_events a",
        ];
        let mut stored = Vec::new();
        for query in queries {
            let texts = fixture.texts(query).await;
            assert!(!texts.is_empty(), "{query}");
            stored.extend(texts.concat().into_bytes());
        }
        stored
    };
    let holds = |text: &[u8]| stored.windows(text.len()).any(|window| window == text);
    assert!(holds(opened.session.sid.as_bytes()), "the search finds what is there");
    for secret in secrets {
        assert!(!holds(secret.as_bytes()), "{secret}");
        assert!(!holds(hex(secret.as_bytes()).as_bytes()), "{secret} in hexadecimal digits");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
