//! Details: set, read, cleared, refused, and never lost.

use futures_util::future::join_all;
use identity::account_details::{
    self, AccountDetails, DetailsChange, InvalidDetail, Property, QuotaRefusal, Scope,
};
use identity::accounts::AccountId;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

/// Every key that an account's row of details holds, with a value.
const VALUES: [(&str, &str); 16] = [
    ("quota", "3042824"),
    ("language", "de"),
    ("locale", "de_DE"),
    ("manager", "MIRA"),
    ("notify_email", "jonas@example.org"),
    ("phone", "+49 711 / 25 24 28-90"),
    ("address", "Rue A\n1000 Brussels"),
    ("website", "https://example.org/~jonas"),
    ("twitter", "@jonas"),
    ("fediverse", "@jonas@social.example.org"),
    ("organisation", "Atelier"),
    ("role", "Joiner"),
    ("headline", "Wood <&> \"more\""),
    ("biography", "…"),
    ("profile_enabled", "0"),
    ("phoneScope", "contacts"),
];

#[rstest]
#[tokio::test]
async fn every_detail_is_kept_and_told_of_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (mira, jonas) = (fixture.person("Mira", None).await, fixture.person("jonas", None).await);
    assert_eq!(fixture.details(jonas.id).await, AccountDetails::default());
    for (key, value) in VALUES {
        fixture.change(jonas.id, key, value).await.unwrap();
    }
    let details = fixture.details(jonas.id).await;
    assert_eq!(details.quota.as_ref().map(ToString::to_string).as_deref(), Some("2.9 MB"));
    assert_eq!((details.language.as_deref(), details.locale.as_deref()), (Some("de"), Some("de_DE")));
    assert_eq!((details.manager, details.notified_at(&jonas)), (Some(mira.id), Some("jonas@example.org")));
    assert_eq!(details.text(Property::Phone), "+4971125242890");
    assert_eq!(details.text(Property::Twitter), "jonas");
    assert_eq!(details.text(Property::Address), "Rue A\n1000 Brussels");
    assert_eq!(details.scope(Property::Phone), Scope::Federated);
    assert_eq!(details.scope(Property::Website), Scope::Local);
    assert!(!details.profile_enabled);

    let told = fixture.audited("account.update_details").await;
    assert_eq!(told.len(), VALUES.len());
    let all = format!("{told:?}");
    for personal in ["4971", "Brussels", "Joiner", "jonas@"] {
        assert!(!all.contains(personal), "the audit trail says {personal}");
    }
    assert!(told.iter().all(|event| event.origin.actor.as_deref() == Some("root")));
    for (key, value) in VALUES {
        fixture.change(jonas.id, key, value).await.unwrap();
    }
    assert_eq!(fixture.audited("account.update_details").await.len(), VALUES.len(), "nothing has changed");
}

#[rstest]
#[tokio::test]
async fn what_was_set_can_be_cleared(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (_, jonas) = (fixture.person("mira", None).await, fixture.person("jonas", None).await);
    for (key, value) in VALUES {
        fixture.change(jonas.id, key, value).await.unwrap();
    }
    for key in Property::TEXTS.map(Property::as_str).into_iter().chain(["manager", "notify_email"]) {
        fixture.change(jonas.id, key, "").await.unwrap();
    }
    let details = fixture.details(jonas.id).await;
    assert!(details.texts.is_empty() && details.manager.is_none() && details.notify_email.is_none());
    assert_eq!(details.language.as_deref(), Some("de"), "the rest stays");
    assert_eq!(details.scope(Property::Phone), Scope::Federated);
}

#[rstest]
#[tokio::test]
async fn name_and_address_are_the_accounts_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (mira, jonas) = (fixture.person("mira", None).await, fixture.person("jonas", None).await);
    fixture.change(jonas.id, "displayname", " Jonas Ölund ").await.unwrap();
    fixture.change(jonas.id, "display", "  ").await.unwrap();
    fixture.change(jonas.id, "email", " Jonas.O@Example.ORG").await.unwrap();
    let found = fixture.identity.find_account(jonas.id).await.unwrap().unwrap();
    assert_eq!(account_details::display_name(&found), "Jonas Ölund");
    assert_eq!(found.email.as_deref(), Some("jonas.o@example.org"));
    assert_eq!(account_details::display_name(&mira), "mira", "nobody has named her");
    assert_eq!(fixture.change(jonas.id, "email", "MIRA@example.org").await, Err(InvalidDetail::Email));
    fixture.change(jonas.id, "email", "").await.unwrap();
    let found = fixture.identity.find_account(jonas.id).await.unwrap().unwrap();
    assert_eq!((found.email, found.login.as_str()), (None, "jonas"));
    assert_eq!(fixture.search("ölund").await, ["jonas"]);
}

#[rstest]
#[tokio::test]
async fn what_does_not_do_changes_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    for (key, value, fault) in [
        ("manager", "nobody", InvalidDetail::Manager),
        ("notify_email", "mira@example.org", InvalidDetail::NotifyEmail),
        ("quota", "a lot", InvalidDetail::Quota(QuotaRefusal::Invalid)),
        ("phone", "0711 25 24 28", InvalidDetail::Text(Property::Phone)),
        ("emailScope", "v2-private", InvalidDetail::Scope),
        ("colour", "red", InvalidDetail::Key),
    ] {
        assert_eq!(fixture.change(jonas.id, key, value).await, Err(fault), "{key}");
    }
    assert_eq!(fixture.details(jonas.id).await, AccountDetails::default());
    assert!(fixture.audited("account.update_details").await.is_empty());
    let nobody = AccountId::new(fixture.clock.now());
    let change = DetailsChange::ProfileEnabled(false);
    let outcome = fixture.write(move |conn, act| account_details::change(conn, act, nobody, &change)).await;
    assert_eq!(outcome.unwrap_err().to_string(), "there is no such account");
}

#[rstest]
#[tokio::test]
async fn a_manager_who_goes_manages_nobody(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (mira, jonas) = (fixture.person("mira", None).await, fixture.person("jonas", None).await);
    fixture.change(jonas.id, "manager", "mira").await.unwrap();
    fixture.change(jonas.id, "language", "fr").await.unwrap();
    fixture.identity.delete_account(mira.id, &identity::audit::Origin::default()).await.unwrap();
    let details = fixture.details(jonas.id).await;
    assert_eq!((details.manager, details.language.as_deref()), (None, Some("fr")));
}

#[rstest]
#[tokio::test]
async fn changes_at_the_same_time_are_all_kept(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.person("mira", None).await;
    for round in 0..5 {
        let jonas = fixture.person(&format!("jonas{round}"), None).await;
        let values = VALUES.into_iter().filter(|(key, _)| *key != "notify_email");
        let changes = values.map(|(key, value)| fixture.change(jonas.id, key, value));
        let (outcomes, renamed) =
            tokio::join!(join_all(changes), fixture.change(jonas.id, "displayname", "Jonas"));
        assert!(outcomes.iter().chain([&renamed]).all(Result::is_ok), "{outcomes:?}");
        let details = fixture.details(jonas.id).await;
        assert_eq!((details.texts.len(), details.scopes.len()), (9, 1), "{details:?}");
        assert!(details.quota.is_some() && details.locale.is_some() && details.manager.is_some());
        let account = fixture.identity.find_account(jonas.id).await.unwrap().unwrap();
        assert_eq!(account.display_name.as_deref(), Some("Jonas"));
    }
}

#[rstest]
#[tokio::test]
async fn telephone_numbers_are_found_unless_hidden(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let mut ids = Vec::new();
    for login in ["ada", "Bob", "cleo", "dan"] {
        let person = fixture.person(login, None).await;
        fixture.change(person.id, "phone", "+49 711 25242890").await.unwrap();
        ids.push(person.id);
    }
    fixture.change(ids[2], "phoneScope", "v2-private").await.unwrap();
    fixture.identity.set_account_enabled(ids[3], false, &identity::audit::Origin::default()).await.unwrap();
    let find =
        |numbers: Vec<String>| fixture.read(move |conn| account_details::find_by_phones(conn, &numbers));
    let found = find(vec!["+4971125242890".to_owned(), "+33475000000".to_owned()]).await;
    let logins: Vec<&str> = found.iter().map(|(_, login)| login.as_str()).collect();
    assert_eq!(logins, ["ada", "Bob"]);
    assert!(find(HOSTILE.map(str::to_owned).to_vec()).await.is_empty());
    assert!(find(Vec::new()).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn threat_25_no_value_is_more_than_a_value(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    for text in HOSTILE {
        for key in ["address", "manager", "displayname", "email", "quota", "additional_mail", "phone"] {
            let kept = fixture.change(jonas.id, key, text).await;
            assert!(kept.is_err() || ["address", "displayname"].contains(&key), "{key}={text:?}");
        }
        if fixture.change(jonas.id, "headline", text).await.is_ok() {
            assert_eq!(fixture.details(jonas.id).await.text(Property::Headline), text);
        }
    }
    assert_eq!(fixture.count("accounts".to_owned()).await, 1);
}
