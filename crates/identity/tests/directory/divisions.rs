//! Services and territories: made, changed, listed, removed; and how accounts stand in them.

use identity::{
    Identity, IdentityError,
    accounts::{Account, AccountProfile, NewAccount, NewPassword},
    audit::Origin,
    organizations::OrganizationChange,
    services::{SECRETARIAT, ServiceChange},
};
use rstest::rstest;
use serde_json::json;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

fn own(text: &str) -> String {
    text.to_owned()
}

async fn with_services(backend: Backend) -> Fixture {
    let fixture = Fixture::on(backend).await;
    for id in ["social", "pmi", "desk"] {
        fixture.identity.create_service(id, ServiceChange::default(), &Origin::default()).await.unwrap();
    }
    fixture
}

async fn account(identity: &Identity, profile: AccountProfile) -> Account {
    let new = NewAccount { profile, password: NewPassword::None };
    identity.create_account(new, &Origin::default()).await.unwrap()
}

fn list(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn a_service_is_made_changed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let values = ServiceChange { short_name: Some(Some(own("SEC"))), ..ServiceChange::named(SECRETARIAT) };
    let made = identity.create_service("desk", values.clone(), &origin).await.unwrap();
    assert_eq!((made.name.as_str(), made.short_name.as_deref()), ("Secrétariat", Some("SEC")));
    assert_eq!(identity.find_service("desk").await.unwrap().as_ref(), Some(&made));
    let again = identity.create_service("desk", values.clone(), &origin).await;
    assert!(matches!(again, Err(IdentityError::Taken("service id"))));
    let other = identity.create_service("pmi", ServiceChange::default(), &origin).await.unwrap();
    assert_eq!((other.name.as_str(), other.short_name), ("pmi", None));
    assert!(other.number > made.number);

    fixture.pass(5);
    for nothing in [ServiceChange::default(), values] {
        assert_eq!(identity.update_service("desk", nothing, &origin).await.unwrap(), made);
    }
    assert!(fixture.audited("service.update").await.is_empty());
    let away = ServiceChange { short_name: Some(None), ..ServiceChange::default() };
    let changed = identity.update_service("desk", away, &origin).await.unwrap();
    assert_eq!(
        (changed.short_name, changed.name, changed.updated_at),
        (None, made.name, fixture.clock.now())
    );
    let event = &fixture.audited("service.update").await[0];
    assert_eq!(
        (event.target.as_deref(), &event.detail),
        (Some("desk"), &Some(json!({ "short_name": null })))
    );

    identity.delete_service("desk", &origin).await.unwrap();
    assert_eq!(fixture.audited("service.delete").await.len(), 1);
    let unknown = |outcome: Result<(), _>| matches!(outcome, Err(IdentityError::Unknown("service")));
    assert!(unknown(identity.delete_service("desk", &origin).await));
    assert!(unknown(identity.update_service("desk", ServiceChange::named("x"), &origin).await.map(drop)));
    let anew = identity.create_service("desk", ServiceChange::default(), &origin).await.unwrap();
    assert!(anew.number > other.number, "a number came back");
}

#[rstest]
#[tokio::test]
async fn a_territory_is_made_changed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let made = identity.create_territory("coast", "Coast", &origin).await.unwrap();
    assert_eq!(identity.find_territory("coast").await.unwrap().as_ref(), Some(&made));
    let again = identity.create_territory("coast", "Coast", &origin).await;
    assert!(matches!(again, Err(IdentityError::Taken("territory id"))));

    fixture.pass(5);
    assert_eq!(identity.update_territory("coast", "Coast", &origin).await.unwrap(), made);
    assert!(fixture.audited("territory.update").await.is_empty());
    let changed = identity.update_territory("coast", "West coast", &origin).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.number), ("West coast", made.number));
    assert_eq!((changed.created_at, changed.updated_at), (made.created_at, fixture.clock.now()));
    assert_eq!(fixture.audited("territory.update").await.len(), 1);

    let inside =
        OrganizationChange { territory_id: Some(Some(own("coast"))), ..OrganizationChange::default() };
    identity.create_organization_with("die", inside, &origin).await.unwrap();
    let administrator =
        AccountProfile { territories: list(&["coast"]), ..AccountProfile::new("administrator") };
    let administrator = account(identity, administrator).await;
    assert_eq!(administrator.territories, ["coast"]);
    let in_use = identity.delete_territory("coast", &origin).await;
    assert!(matches!(in_use, Err(IdentityError::InUse("territory"))));
    identity.delete_organization("die", &origin).await.unwrap();
    identity.delete_territory("coast", &origin).await.unwrap();
    let left = identity.find_account(administrator.id).await.unwrap().unwrap();
    assert_eq!(left.territories, [""; 0]);
    let unknown = |outcome: Result<(), _>| matches!(outcome, Err(IdentityError::Unknown("territory")));
    assert!(unknown(identity.delete_territory("coast", &origin).await));
    assert!(unknown(identity.update_territory("coast", "x", &origin).await.map(drop)));
    let anew = identity.create_territory("coast", "Coast", &origin).await.unwrap();
    assert!(anew.number > made.number, "a number came back");
}

#[rstest]
#[tokio::test]
async fn both_are_listed_by_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    for id in ["b", "é", "C", "a"] {
        identity.create_service(id, ServiceChange::default(), &origin).await.unwrap();
        identity.create_territory(id, id, &origin).await.unwrap();
    }
    for size in [0, 1, 2, 4, i64::MAX] {
        let (mut services, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = identity.list_services(after.as_deref(), size).await.unwrap();
            services.extend(page.items.into_iter().map(|service| service.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut territories = Vec::new();
        loop {
            let page = identity.list_territories(after.as_deref(), size).await.unwrap();
            territories.extend(page.items.into_iter().map(|territory| territory.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((services, territories), (list(&["C", "a", "b", "é"]), list(&["C", "a", "b", "é"])));
    }
}

/// Threat 25, and that what is asked for stands for itself.
#[rstest]
#[tokio::test]
async fn threat_25_hostile_services_and_territories_are_data(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    for text in HOSTILE {
        identity.list_services(Some(text), 10).await.unwrap();
        identity.list_territories(Some(text), 10).await.unwrap();
        assert!(identity.find_service(text).await.unwrap().is_none());
        assert!(identity.find_territory(text).await.unwrap().is_none());
        let service = identity.create_service(text, ServiceChange::named(text), &origin).await;
        let territory = identity.create_territory(text, text, &origin).await;
        if text.contains('\0') {
            assert!(matches!(service, Err(IdentityError::Invalid(_))));
            assert!(matches!(territory, Err(IdentityError::Invalid(_))));
            continue;
        }
        assert_eq!(identity.find_service(text).await.unwrap(), Some(service.unwrap()));
        assert_eq!(identity.find_territory(text).await.unwrap(), Some(territory.unwrap()));
        let profile = AccountProfile {
            services: list(&[text]),
            territories: list(&[text]),
            ..AccountProfile::new(text)
        };
        let made = account(identity, profile).await;
        assert_eq!((made.services, made.territories), (list(&[text]), list(&[text])));
    }
}

/// Threat 14: a change is checked like a creation.
#[rstest]
#[tokio::test]
async fn threat_14_service_and_territory_updates_are_checked_like_creations(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    identity.create_service("subject", ServiceChange::default(), &origin).await.unwrap();
    identity.create_territory("subject", "Subject", &origin).await.unwrap();
    let long = "x".repeat(256);
    let told = |outcome: Result<(), IdentityError>| outcome.err().map(|error| error.to_string());
    let mut accepted = 0;
    for text in ["New", "", " ", " New", "New ", "a\u{1}b", "a\0b", &long, &long[1..]] {
        for change in [
            ServiceChange::named(text),
            ServiceChange { short_name: Some(Some(own(text))), ..ServiceChange::named("New") },
        ] {
            let created = identity.create_service("new", change.clone(), &origin).await.map(drop);
            if created.is_ok() {
                identity.delete_service("new", &origin).await.unwrap();
                accepted += 1;
            }
            let updated = identity.update_service("subject", change.clone(), &origin).await.map(drop);
            assert_eq!(told(created), told(updated), "{change:?}");
        }
        let created = identity.create_territory("new", text, &origin).await.map(drop);
        if created.is_ok() {
            identity.delete_territory("new", &origin).await.unwrap();
            accepted += 1;
        }
        let updated = identity.update_territory("subject", text, &origin).await.map(drop);
        assert_eq!(told(created), told(updated), "{text:?}");
    }
    assert_eq!(accepted, 6);
}

#[rstest]
#[tokio::test]
async fn the_first_service_is_the_account_s_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_services(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let profile = AccountProfile { services: list(&["social", "pmi"]), ..AccountProfile::new("ada") };
    let ada = account(identity, profile).await;
    assert_eq!((ada.service_id.as_deref(), &ada.services), (Some("social"), &list(&["social", "pmi"])));

    // A service set alone comes first, whether it was there or not.
    for (first, services) in [
        ("pmi", &["pmi", "social"][..]),
        ("desk", &["desk", "pmi", "social"]),
        ("desk", &["desk", "pmi", "social"]),
    ] {
        let current = identity.find_account(ada.id).await.unwrap().unwrap();
        let profile = AccountProfile { service_id: Some(first.to_owned()), ..AccountProfile::from(&current) };
        let updated = identity.update_account(ada.id, profile, &origin).await.unwrap();
        assert_eq!((updated.service_id.as_deref(), updated.services), (Some(first), list(services)));
    }
    let mut profile = AccountProfile::from(&identity.find_account(ada.id).await.unwrap().unwrap());
    profile.set_services(list(&["social"]));
    let updated = identity.update_account(ada.id, profile.clone(), &origin).await.unwrap();
    assert_eq!((updated.service_id.as_deref(), updated.services), (Some("social"), list(&["social"])));
    assert!(matches!(identity.delete_service("social", &origin).await, Err(IdentityError::InUse("service"))));
    profile.set_services(Vec::new());
    let updated = identity.update_account(ada.id, profile, &origin).await.unwrap();
    assert_eq!((updated.service_id, updated.services), (None, Vec::new()));
    identity.delete_service("social", &origin).await.unwrap();
}

/// Accounts come out of a list with what is theirs, and with nothing of the others.
#[rstest]
#[tokio::test]
async fn a_list_keeps_accounts_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = with_services(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    for id in ["coast", "hills"] {
        identity.create_territory(id, id, &origin).await.unwrap();
    }
    let rows: [(&str, &[&str], &[&str]); 4] = [
        ("ada", &["pmi", "social"], &["hills"]),
        ("bob", &[], &["coast", "hills"]),
        ("eve", &["social", "desk", "pmi"], &[]),
        ("mia", &[], &[]),
    ];
    for (login, services, territories) in rows {
        let profile = AccountProfile {
            services: list(services),
            territories: list(territories).into_iter().rev().collect(),
            ..AccountProfile::new(login)
        };
        account(identity, profile).await;
    }
    let found = identity.list_accounts(identity::accounts::AccountFilter::default(), None, 10).await.unwrap();
    assert_eq!(found.items.len(), rows.len());
    for (account, (login, services, territories)) in found.items.iter().zip(rows) {
        assert_eq!(account.login, login);
        assert_eq!((&account.services, &account.territories), (&list(services), &list(territories)));
    }
    let bob = &found.items[1];
    identity.delete_account(bob.id, &origin).await.unwrap();
    identity.delete_account(found.items[2].id, &origin).await.unwrap();
    identity.delete_service("desk", &origin).await.expect("its only account is gone");
    assert!(identity.delete_service("social", &origin).await.is_err());
}
