//! Lists: every record once, whatever is asked for.

use auth_claims::{claims::OrganizationMembership, roles::Role};
use identity::{
    IdentityError,
    accounts::{AccountFilter, AccountProfile, NewAccount, NewPassword},
    audit::Origin,
    clients::{ClientFilter, ClientKind, Registration},
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

async fn member(fixture: &Fixture, login: &str, organization: &str) {
    let membership = OrganizationMembership { id: organization.to_owned(), role: Role::Agent };
    let profile = AccountProfile {
        organizations: vec![membership],
        email: Some(format!("{login}@mail.example")),
        ..AccountProfile::new(login)
    };
    let new = NewAccount { profile, password: NewPassword::None };
    fixture.identity.create_account(new, &Origin::default()).await.unwrap();
}

async fn logins(fixture: &Fixture, filter: AccountFilter) -> Vec<String> {
    let page = fixture.identity.list_accounts(filter, None, 100).await.unwrap();
    page.items.into_iter().map(|account| account.login).collect()
}

fn search(text: &str) -> AccountFilter {
    AccountFilter { search: Some(text.to_owned()), ..AccountFilter::default() }
}

#[rstest]
#[tokio::test]
async fn accounts_are_visited_once_page_by_page(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for number in 0..7 {
        fixture.account(&format!("user-{number}")).await;
    }
    for size in [-1, 1, 2, 3, 7, 8, i64::MAX] {
        let (mut visited, mut after) = (Vec::new(), None);
        loop {
            let page = fixture.identity.list_accounts(AccountFilter::default(), after, size).await.unwrap();
            assert!(page.items.len() <= usize::try_from(size.max(1)).unwrap());
            visited.extend(page.items.into_iter().map(|account| account.login));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<String> = (0..7).map(|number| format!("user-{number}")).collect();
        assert_eq!(visited, expected, "pages of {size}");
    }
}

#[rstest]
#[tokio::test]
async fn clients_come_newest_first_also_within_one_instant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for id in ["b", "Z", "a"] {
        fixture.client(id).await;
    }
    fixture.pass(1);
    for id in ["y", "x"] {
        fixture.client(id).await;
    }
    for size in [1, 2, 3, 5] {
        let (mut visited, mut after) = (Vec::new(), None);
        loop {
            let page = fixture.identity.list_clients(ClientFilter::default(), after, size).await.unwrap();
            visited.extend(page.items.into_iter().map(|client| client.id.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(visited, ["y", "x", "b", "a", "Z"], "pages of {size}");
    }
}

#[rstest]
#[tokio::test]
async fn filters_see_two_tenants_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for id in ["north", "south"] {
        fixture.identity.create_organization(id, id, &Origin::default()).await.unwrap();
        member(&fixture, &format!("{id}-Agent"), id).await;
        let registration = Registration { organization_id: Some(id.to_owned()), ..Registration::new(id) };
        fixture.register(&format!("{id}-client"), ClientKind::Service, registration).await;
    }
    let of = |organization: &str| AccountFilter {
        organization: Some(organization.to_owned()),
        ..AccountFilter::default()
    };
    assert_eq!(logins(&fixture, of("north")).await, ["north-Agent"]);
    assert_eq!(logins(&fixture, search("-AGENT")).await, ["north-Agent", "south-Agent"]);
    assert_eq!(logins(&fixture, search("SOUTH-agent@mail")).await, ["south-Agent"]);
    assert_eq!(
        logins(&fixture, AccountFilter { search: Some("south".to_owned()), ..of("north") }).await,
        [""; 0]
    );
    let clients = |filter| fixture.identity.list_clients(filter, None, 10);
    let south = ClientFilter { organization: Some("south".to_owned()), ..ClientFilter::default() };
    assert_eq!(clients(south).await.unwrap().items[0].id.as_str(), "south-client");
    for (filter, count) in [
        (ClientFilter { kind: Some(ClientKind::Service), ..ClientFilter::default() }, 2),
        (ClientFilter { kind: Some(ClientKind::Application), ..ClientFilter::default() }, 0),
        (ClientFilter { enabled: Some(true), ..ClientFilter::default() }, 2),
        (ClientFilter { enabled: Some(false), ..ClientFilter::default() }, 0),
        (ClientFilter { application: Some("app".to_owned()), ..ClientFilter::default() }, 0),
    ] {
        assert_eq!(clients(filter.clone()).await.unwrap().items.len(), count, "{filter:?}");
    }
}

/// Threat 25: what is searched for stands for itself.
#[rstest]
#[tokio::test]
async fn threat_25_filters_take_every_text_literally(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("plain").await;
    fixture.client("plain").await;
    for text in HOSTILE {
        let named = |text: &str| Some(text.to_owned());
        for filter in [
            AccountFilter { organization: named(text), ..AccountFilter::default() },
            AccountFilter { group: named(text), ..AccountFilter::default() },
            search(text),
        ] {
            assert_eq!(logins(&fixture, filter.clone()).await, [""; 0], "{filter:?}");
        }
        for filter in [
            ClientFilter { organization: named(text), ..ClientFilter::default() },
            ClientFilter { application: named(text), ..ClientFilter::default() },
        ] {
            let page = fixture.identity.list_clients(filter.clone(), None, 10).await.unwrap();
            assert!(page.items.is_empty(), "{filter:?}");
        }
        assert!(fixture.identity.find_account_by_login(text).await.unwrap().is_none());
        assert!(fixture.identity.find_organization(text).await.unwrap().is_none());
        fixture.identity.list_organizations(Some(text), 10).await.unwrap();
    }
    assert_eq!(logins(&fixture, AccountFilter::default()).await, ["plain"]);
}

/// Threat 25: a stored text comes back as it went in, and is found by itself alone.
#[rstest]
#[tokio::test]
async fn threat_25_hostile_names_are_data(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let storable: Vec<&str> = HOSTILE.into_iter().filter(|text| !text.contains('\0')).collect();
    for text in &storable {
        fixture.identity.create_organization(text, text, &Origin::default()).await.unwrap();
        let new = NewAccount { profile: AccountProfile::new(*text), password: NewPassword::None };
        fixture.identity.create_account(new, &Origin::default()).await.unwrap();
    }
    for text in &storable {
        assert_eq!(fixture.identity.find_account_by_login(text).await.unwrap().unwrap().login, *text);
        assert_eq!(fixture.identity.find_organization(text).await.unwrap().unwrap().name, *text);
        let expected: Vec<&str> = storable
            .iter()
            .copied()
            .filter(|other| other.to_lowercase().contains(&text.to_lowercase()))
            .collect();
        assert_eq!(logins(&fixture, search(text)).await, expected, "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn organizations_are_listed_renamed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    for id in ["b", "a", "C"] {
        identity.create_organization(id, id, &origin).await.unwrap();
    }
    let taken = identity.create_organization("a", "again", &origin).await;
    assert!(matches!(taken, Err(IdentityError::Taken("organization id"))));
    let first = identity.list_organizations(None, 2).await.unwrap();
    let second = identity.list_organizations(first.next.as_deref(), 2).await.unwrap();
    let ids: Vec<String> = first.items.into_iter().chain(second.items).map(|o| o.id).collect();
    assert_eq!((ids, second.next), (vec!["C".to_owned(), "a".to_owned(), "b".to_owned()], None));
    identity.rename_organization("a", "Alpha", &origin).await.unwrap();
    assert_eq!(identity.find_organization("a").await.unwrap().unwrap().name, "Alpha");
    member(&fixture, "ada", "a").await;
    assert!(matches!(
        identity.delete_organization("a", &origin).await,
        Err(IdentityError::InUse("organization"))
    ));
    identity.delete_organization("b", &origin).await.unwrap();
    assert!(matches!(
        identity.delete_organization("b", &origin).await,
        Err(IdentityError::Unknown("organization"))
    ));
    assert!(matches!(identity.rename_organization("b", "B", &origin).await, Err(IdentityError::Unknown(_))));
    assert!(matches!(identity.create_organization("", " ", &origin).await, Err(IdentityError::Invalid(_))));
}
