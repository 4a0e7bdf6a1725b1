//! Accounts made with all that belongs to them.

use identity::account_details::{self, DetailsChange, DetailsError, DetailsRules, InvalidDetail, NewPerson};
use identity::accounts::AccountProfile;
use identity::directory_search::{self, Person};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

const DETAILS: [(&str, &str); 5] = [
    ("quota", "12MB"),
    ("language", "fr"),
    ("manager", "root"),
    ("phone", "+33475000000"),
    ("additional_mail", "More@example.org"),
];

fn changes() -> Vec<DetailsChange> {
    let read = |(key, value)| DetailsChange::read(key, value, true, &DetailsRules::default()).unwrap();
    DETAILS.into_iter().map(read).collect()
}

fn new(login: &str, subadmin_of: &[&str], details: Vec<DetailsChange>) -> NewPerson {
    let profile = AccountProfile {
        display_name: Some("Jonas Ölund".to_owned()),
        groups: vec!["staff".to_owned()],
        ..AccountProfile::new(login)
    };
    let subadmin_of = subadmin_of.iter().map(|group| (*group).to_owned()).collect();
    NewPerson { profile: profile.check().unwrap(), password: None, subadmin_of, details }
}

async fn person(fixture: &Fixture, login: &str) -> Option<Person> {
    let account = fixture.identity.find_account_by_login(login).await.unwrap()?;
    fixture.read(move |conn| directory_search::load(conn, &[account.id])).await.pop()
}

#[rstest]
#[tokio::test]
async fn everything_is_there_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let root = fixture.person("root", None).await;
    for group in ["staff", "atelier"] {
        fixture.group(group, &[]).await;
    }
    let jonas = new("jonas", &["atelier"], changes());
    fixture.write(move |conn, act| account_details::create(conn, act, &jonas)).await.unwrap();
    let made = person(&fixture, "JONAS").await.unwrap();
    assert_eq!(
        (made.account.groups.as_slice(), made.subadmin_of.as_slice()),
        (&["staff".to_owned()][..], &["atelier".to_owned()][..])
    );
    let manager = made.manager.clone().unwrap();
    assert_eq!((manager.id, manager.login.as_str(), made.signed_in), (root.id, "root", None));

    // Threat 14: made with its details or given them later, it is the same.
    let later = new("later", &["atelier"], Vec::new());
    let later = fixture.write(move |conn, act| account_details::create(conn, act, &later)).await.unwrap();
    for (key, value) in DETAILS {
        fixture.change(later.id, key, value).await.unwrap();
    }
    let later = person(&fixture, "later").await.unwrap();
    assert_eq!((later.details, later.manager), (made.details, made.manager));
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_made_whole_is_not_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.group("staff", &[]).await;
    let nobody = DetailsChange::Manager(Some("nobody".to_owned()));
    for (attempt, fault) in [
        (new("jonas", &["nowhere"], Vec::new()), None),
        (new("jonas", &["admin"], Vec::new()), None),
        (
            new("jonas", &[], vec![DetailsChange::Language("fr".to_owned()), nobody]),
            Some(InvalidDetail::Manager),
        ),
    ] {
        let refused = fixture.write(move |conn, act| account_details::create(conn, act, &attempt)).await;
        match (refused.unwrap_err(), fault) {
            (DetailsError::Invalid(found), Some(fault)) => assert_eq!(found, fault),
            (DetailsError::Failed(_), None) => {}
            (other, _) => panic!("{other:?}"),
        }
        assert_eq!(person(&fixture, "jonas").await, None);
    }
    assert!(fixture.audited("account.create").await.is_empty(), "nor told of");
    assert_eq!(fixture.count("account_search".to_owned()).await, 0);
}
