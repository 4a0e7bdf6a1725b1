//! Organisations: what they are, which names they may have, and what changing them leaves behind.

use identity::{
    IdentityError,
    audit::Origin,
    organizations::{Organization, OrganizationChange, Verticale},
};
use rstest::rstest;
use serde_json::json;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

fn own(text: &str) -> String {
    text.to_owned()
}

fn in_territory(name: &str, territory: &str) -> OrganizationChange {
    OrganizationChange { territory_id: Some(Some(own(territory))), ..OrganizationChange::named(name) }
}

async fn with_territories(backend: Backend) -> Fixture {
    let fixture = Fixture::on(backend).await;
    for id in ["coast", "hills"] {
        fixture.identity.create_territory(id, id, &Origin::default()).await.unwrap();
    }
    fixture
}

async fn make(
    fixture: &Fixture,
    id: &str,
    values: OrganizationChange,
) -> Result<Organization, IdentityError> {
    fixture.identity.create_organization_with(id, values, &Origin::default()).await
}

async fn change(
    fixture: &Fixture,
    id: &str,
    change: OrganizationChange,
) -> Result<Organization, IdentityError> {
    fixture.identity.update_organization(id, change, &Origin::default()).await
}

#[rstest]
#[tokio::test]
async fn an_organization_is_found_as_it_was_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    let values = OrganizationChange {
        phone_number: Some(Some(own(" 04 75 00 00 00"))),
        email: Some(Some(own(" accueil@mds.example "))),
        verticale: Some(Verticale::RdvMairie),
        ..in_territory(" MDS Die\n", "coast")
    };
    let made = make(&fixture, "die", values).await.unwrap();
    assert_eq!((made.name.as_str(), made.email.as_deref()), ("MDS Die", Some("accueil@mds.example")));
    assert_eq!(made.phone_number.as_deref(), Some(" 04 75 00 00 00"), "returned as it was given");
    assert_eq!((made.verticale, made.territory_id.as_deref()), (Verticale::RdvMairie, Some("coast")));
    assert_eq!((made.created_at, made.updated_at), (fixture.clock.now(), fixture.clock.now()));
    assert_eq!(fixture.identity.find_organization("die").await.unwrap().as_ref(), Some(&made));
    let by_number = fixture.identity.find_organization_by_number(made.number).await.unwrap();
    assert_eq!(by_number.as_ref(), Some(&made));
    for number in [made.number + 1, 0, -1, i64::MIN, i64::MAX] {
        assert_eq!(fixture.identity.find_organization_by_number(number).await.unwrap(), None);
    }
    let event = &fixture.audited("organization.create").await[0];
    assert_eq!(event.target.as_deref(), Some("die"));
    assert_eq!(event.detail.as_ref().unwrap()["verticale"], "rdv_mairie");
    assert_eq!(make(&fixture, "bare", OrganizationChange::default()).await.unwrap().name, "bare");
}

#[rstest]
#[tokio::test]
async fn numbers_go_up_and_never_come_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let mut last = 0;
    for id in ["b", "a", "c"] {
        let number = identity.create_organization(id, id, &origin).await.unwrap().number;
        assert!(number > last, "{id}: {number} after {last}");
        last = number;
        identity.delete_organization(id, &origin).await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn a_change_touches_what_it_names_and_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    let values = OrganizationChange {
        phone_number: Some(Some(own("3939"))),
        email: Some(Some(own("a@b.example"))),
        ..in_territory("Die", "coast")
    };
    let made = make(&fixture, "die", values.clone()).await.unwrap();
    fixture.pass(5);
    let same = OrganizationChange { email: Some(Some(own(" a@b.example "))), ..values };
    for nothing in [OrganizationChange::default(), same] {
        assert_eq!(change(&fixture, "die", nothing).await.unwrap(), made);
    }
    assert!(fixture.audited("organization.update").await.is_empty());

    let blank = OrganizationChange {
        email: Some(Some(own(" "))),
        phone_number: Some(Some(own(""))),
        verticale: Some(Verticale::RdvInsertion),
        ..OrganizationChange::default()
    };
    let changed = change(&fixture, "die", blank).await.unwrap();
    let expected = Organization {
        email: None,
        phone_number: Some(String::new()),
        verticale: Verticale::RdvInsertion,
        updated_at: fixture.clock.now(),
        ..made.clone()
    };
    assert_eq!(changed, expected);
    let detail = fixture.audited("organization.update").await[0].detail.clone();
    assert_eq!(detail, Some(json!({ "email": null, "phone_number": "", "verticale": "rdv_insertion" })),);

    let away = OrganizationChange {
        phone_number: Some(None),
        territory_id: Some(None),
        ..OrganizationChange::default()
    };
    let changed = change(&fixture, "die", away).await.unwrap();
    assert_eq!((changed.phone_number, changed.territory_id, changed.name), (None, None, made.name));
    let unknown = change(&fixture, "nowhere", OrganizationChange::named("x")).await;
    assert!(matches!(unknown, Err(IdentityError::Unknown("organization"))));
}

#[rstest]
#[tokio::test]
async fn a_name_is_taken_within_its_territory(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    let taken = |outcome: Result<_, _>| matches!(outcome, Err(IdentityError::Taken("organization name")));
    make(&fixture, "a", in_territory("Die", "coast")).await.unwrap();
    assert!(taken(make(&fixture, "b", in_territory(" Die ", "coast")).await));
    make(&fixture, "b", in_territory("die", "coast")).await.expect("another spelling is another name");
    make(&fixture, "c", in_territory("Die", "hills")).await.expect("the name is free in another territory");
    for id in ["d", "e"] {
        make(&fixture, id, OrganizationChange::named("Die")).await.expect("outside territories it is free");
    }
    assert!(taken(change(&fixture, "b", OrganizationChange::named("Die")).await));
    let into = |territory| OrganizationChange {
        territory_id: Some(Some(own(territory))),
        ..OrganizationChange::default()
    };
    assert!(taken(change(&fixture, "c", into("coast")).await));
    assert!(taken(change(&fixture, "d", into("coast")).await));
    change(&fixture, "a", in_territory("Die", "coast")).await.expect("its own name");
    change(&fixture, "a", OrganizationChange::named("Valence")).await.unwrap();
    change(&fixture, "c", into("coast")).await.expect("the name is free again");
}

/// The unique index decides, where both looked before the other wrote.
#[rstest]
#[tokio::test]
async fn of_two_that_take_one_name_at_once_one_gets_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    let (replica, origin) = (fixture.replica().await, Origin::default());
    for round in 0..8 {
        let (one, two) = (format!("one-{round}"), format!("two-{round}"));
        for id in [&one, &two] {
            make(&fixture, id, in_territory(id, "coast")).await.unwrap();
        }
        let name = OrganizationChange::named(format!("Wanted {round}"));
        let (first, second) = tokio::join!(
            fixture.identity.update_organization(&one, name.clone(), &origin),
            replica.update_organization(&two, name.clone(), &origin),
        );
        let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
        assert_eq!(won.unwrap().name, name.name.unwrap());
        assert!(matches!(lost, Err(IdentityError::Taken("organization name"))), "{lost:?}");
    }
}

#[rstest]
#[tokio::test]
async fn changes_of_different_fields_at_once_both_stay(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    let (replica, origin) = (fixture.replica().await, Origin::default());
    make(&fixture, "die", OrganizationChange::default()).await.unwrap();
    for round in 1000..1010 {
        let number = round.to_string();
        let phone =
            OrganizationChange { phone_number: Some(Some(own(&number))), ..OrganizationChange::default() };
        let email = OrganizationChange { email: Some(Some(own(&number))), ..OrganizationChange::default() };
        let (first, second) = tokio::join!(
            fixture.identity.update_organization("die", phone, &origin),
            replica.update_organization("die", email, &origin),
        );
        assert!(first.is_ok() && second.is_ok());
        let found = fixture.identity.find_organization("die").await.unwrap().unwrap();
        assert_eq!((found.phone_number.as_ref(), found.email.as_ref()), (Some(&number), Some(&number)));
    }
}

/// Threat 14: a change is checked like a creation.
#[rstest]
#[tokio::test]
async fn threat_14_an_organization_update_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_territories(backend).await;
    make(&fixture, "taken", in_territory("Taken", "coast")).await.unwrap();
    make(&fixture, "subject", in_territory("Subject", "coast")).await.unwrap();
    let base =
        || OrganizationChange { phone_number: Some(Some(own("0475000000"))), ..in_territory("New", "coast") };
    let named = |name: &str| OrganizationChange { name: Some(name.to_owned()), ..base() };
    let mut candidates = vec![
        base(),
        named("Taken"),
        named(""),
        named("\u{a0} "),
        named(&"x".repeat(256)),
        named("a\u{7}b"),
        OrganizationChange { phone_number: Some(Some(own("12"))), ..base() },
        OrganizationChange { phone_number: Some(Some(own("0475000000 poste 3"))), ..base() },
        OrganizationChange { email: Some(Some(own(&"x".repeat(256)))), ..base() },
        OrganizationChange { email: Some(Some(own("a\0b"))), ..base() },
        OrganizationChange { territory_id: Some(Some(own("nowhere"))), ..base() },
        OrganizationChange { territory_id: Some(Some(own(""))), ..base() },
    ];
    for text in HOSTILE {
        candidates.push(OrganizationChange { phone_number: Some(Some(own(text))), ..named(text) });
        candidates.push(OrganizationChange { email: Some(Some(own(text))), ..named(text) });
        candidates.push(OrganizationChange { territory_id: Some(Some(own(text))), ..base() });
    }
    let told = |outcome: Result<_, IdentityError>| outcome.err().map(|error| error.to_string());
    let mut accepted = 0;
    for candidate in candidates {
        let created = make(&fixture, "new", candidate.clone()).await;
        if created.is_ok() {
            fixture.identity.delete_organization("new", &Origin::default()).await.unwrap();
        }
        let updated = change(&fixture, "subject", candidate.clone()).await;
        accepted += usize::from(created.is_ok());
        assert_eq!(told(created), told(updated), "{candidate:?}");
        change(&fixture, "subject", in_territory("Subject", "coast")).await.unwrap();
    }
    assert_eq!(accepted, 1 + HOSTILE.iter().filter(|text| !text.contains('\0')).count());
}
