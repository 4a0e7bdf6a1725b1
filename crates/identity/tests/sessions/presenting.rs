//! Which three values are somebody's (contracts/rdv-sign-in.md §4.1, §6, §8.5).

use futures_util::future::join_all;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use identity::device_sessions::DeviceCredential;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use test_kit::Backend;

use crate::fixture::{Fixture, credential, several, values};

/// Of all triples that can be put together from three sessions of two accounts, only the sessions' own are good.
#[rstest]
#[tokio::test]
async fn mixed_values_belong_to_nobody(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    fixture.account("bob").await;
    let mut own = Vec::new();
    for login in ["ada", "ada", "bob"] {
        own.push(values(&fixture.sign_in_with(login, &several(2)).await));
    }
    for token in &own {
        for client in &own {
            for uid in &own {
                let mixed = credential(token.access_token.expose_secret(), &client.client, &uid.uid);
                let expected = token.client == client.client && client.uid == uid.uid;
                assert_eq!(fixture.present(&mixed).await.is_some(), expected, "{mixed:?}");
                if !expected {
                    let out = fixture.identity.sign_out_device(&mixed, &Origin::default()).await;
                    assert!(!out.unwrap(), "{mixed:?}");
                }
            }
        }
    }
}

/// The uid is compared as it is, and every character of the other two counts.
#[rstest]
#[tokio::test]
async fn nothing_but_the_exact_values_is_accepted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let opened = fixture.sign_in("ada").await;
    let DeviceCredential { client, uid, .. } = values(&opened);
    let token = opened.token.expose();
    assert!(fixture.present(&credential(token, &client, &uid)).await.is_some());
    for other in
        ["ADA@example.org", "Ada@example.org", " ada@example.org", "ada@example.org ", "ada", "", "%", "\0"]
    {
        assert!(fixture.present(&credential(token, &client, other)).await.is_none(), "{other:?}");
        assert!(fixture.present(&credential(other, &client, &uid)).await.is_none(), "{other:?}");
        assert!(fixture.present(&credential(token, other, &uid)).await.is_none(), "{other:?}");
    }
    let account = opened.session.account.id.to_string();
    for other in [account.as_str(), &format!("{uid}\0"), &uid.replace('a', "\u{430}"), &"a".repeat(100_000)] {
        assert!(fixture.present(&credential(token, &client, other)).await.is_none(), "{other:.40?}");
    }
    for other in mutations(token) {
        assert!(fixture.present(&credential(&other, &client, &uid)).await.is_none(), "{other}");
    }
    for other in mutations(&client) {
        assert!(fixture.present(&credential(token, &other, &uid)).await.is_none(), "{other}");
    }
}

/// Every character replaced, the text cut anywhere, and extended as decoders might forgive it.
fn mutations(text: &str) -> Vec<String> {
    let swap = |c: char| if c == 'A' { 'B' } else { 'A' };
    let replaced = (0..text.len()).map(|place| {
        text.char_indices().map(|(index, c)| if index == place { swap(c) } else { c }).collect()
    });
    let cut = (0..text.len()).map(|place| text[..place].to_owned());
    let extended = ["=", "==", " ", "\n", "\0", "A"].map(|more| format!("{text}{more}"));
    let others = [text.replace(['-', '_'], "+"), text.to_lowercase(), text.to_uppercase()];
    let all = replaced.chain(cut).chain(extended).chain(others);
    all.filter(|other| other != text).collect()
}

#[rstest]
#[tokio::test]
async fn threat_26_what_was_signed_out_stays_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replica = fixture.replica().await;
    let one = fixture.sign_in_with("ada", &several(2)).await;
    let other = fixture.sign_in_with("ada", &several(2)).await;
    assert!(replica.find_device_session(&values(&one)).await.unwrap().is_some());
    assert!(fixture.identity.sign_out_device(&values(&one), &Origin::default()).await.unwrap());
    assert!(fixture.present(&values(&one)).await.is_none());
    assert!(replica.find_device_session(&values(&one)).await.unwrap().is_none(), "on every replica at once");
    assert!(
        fixture.replica().await.find_device_session(&values(&one)).await.unwrap().is_none(),
        "after a restart"
    );
    assert!(!replica.sign_out_device(&values(&one), &Origin::default()).await.unwrap(), "only once");
    assert!(fixture.present(&values(&other)).await.is_some());

    let feed = fixture.feed().await;
    assert_eq!((feed.len(), feed[0].value.as_str()), (1, one.session.sid.as_str()));
    assert_eq!(feed[0].reason.as_str(), "signed_out");
    let events = fixture.audited("device_session.sign_out").await;
    assert_eq!((events.len(), events[0].target.as_ref()), (1, Some(&one.session.sid)));
    assert_eq!(events[0].origin.actor, Some(one.session.account.id.to_string()));
}

#[rstest]
#[tokio::test]
async fn the_uid_follows_the_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let opened = fixture.sign_in("ada").await;
    let old = values(&opened);
    let profile =
        AccountProfile { email: Some("Ada.Kerbrat@Example.ORG".to_owned()), ..AccountProfile::new("ada") };
    let id = opened.session.account.id;
    fixture.identity.update_account(id, profile, &Origin::default()).await.unwrap();
    assert!(fixture.present(&old).await.is_none(), "the old uid is nobody's");
    let new = DeviceCredential { uid: "ada.kerbrat@example.org".to_owned(), ..old.clone() };
    let found = fixture.present(&new).await.unwrap();
    assert_eq!((found.sid, found.expires_at), (opened.session.sid, opened.session.expires_at));
    // Somebody else gets the old address, and nothing with it.
    fixture.account("ada-2").await;
    let second = fixture.find("ada-2").await;
    let profile =
        AccountProfile { email: Some("ada@example.org".to_owned()), ..AccountProfile::new("ada-2") };
    fixture.identity.update_account(second.id, profile, &Origin::default()).await.unwrap();
    assert!(fixture.present(&old).await.is_none());
    // An account without an address has no uid.
    fixture.identity.update_account(id, AccountProfile::new("ada"), &Origin::default()).await.unwrap();
    for uid in ["ada.kerbrat@example.org", "", "ada"] {
        assert!(fixture.present(&DeviceCredential { uid: uid.to_owned(), ..old.clone() }).await.is_none());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_are_all_accepted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let opened = fixture.sign_in("ada").await;
    let requests = (0..64).map(|_| {
        let (identity, values) = (fixture.identity.clone(), values(&opened));
        tokio::spawn(async move { identity.find_device_session(&values).await })
    });
    for found in join_all(requests).await {
        assert_eq!(found.unwrap().unwrap(), Some(opened.session.clone()));
    }
}
