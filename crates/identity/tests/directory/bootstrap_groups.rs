//! Bootstrap files that say who decides in groups.

use identity::{
    audit::Origin,
    bootstrap::{BootstrapError, Document, SecretSources},
    groups,
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

const FILE: &str = "
groups:
  - { id: night, name: Night, owner: ADA, admins: [bob], subadmins: [eve] }
  - { id: admin, name: Administrators }
accounts:
  - { login: ada, groups: [night] }
  - { login: bob, groups: [night, admin] }
  - { login: eve }
";

fn parse(text: &str) -> Result<Document, BootstrapError> {
    let environment = |_: &str| None;
    Document::parse(text, &SecretSources { environment: &environment, directory: ".".into() }, false)
}

async fn apply(fixture: &Fixture, text: &str) -> Result<Vec<String>, String> {
    let document = parse(text).map_err(|error| error.to_string())?;
    let planned = fixture.identity.plan_bootstrap(&document, false, &Origin::default()).await;
    let applied = fixture.identity.apply_bootstrap(&document, false, &Origin::default()).await;
    let shown = |changes: Vec<_>| changes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (planned, applied) = (planned.map(shown), applied.map(shown).map_err(|error| error.to_string()));
    assert_eq!(planned.map_err(|error| error.to_string()), applied, "a plan is what comes of it");
    applied
}

#[rstest]
#[tokio::test]
async fn who_decides_is_declared(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let changes = apply(&fixture, FILE).await.unwrap();
    assert_eq!(
        changes,
        [
            "create group night (name)",
            "update group admin (name)",
            "create account ada (login, groups)",
            "create account bob (login, groups)",
            "create account eve (login)",
            "update group night (owner, admins, subadmins)",
        ]
    );
    let find = async |login: &str| fixture.identity.find_account_by_login(login).await.unwrap().unwrap();
    let (ada, bob, eve) = (find("ada").await, find("bob").await, find("eve").await);
    assert_eq!(fixture.identity.find_group("night").await.unwrap().unwrap().owner, Some(ada.id));
    let (admins, subadmins) = fixture
        .identity
        .db()
        .read(|conn| {
            Ok::<_, store::StoreError>((groups::admins(conn, "night")?, groups::subadmins(conn, "night")?))
        })
        .await
        .unwrap();
    assert_eq!((admins, subadmins), (vec![bob.id], vec![eve.id]));
    assert!(bob.is_administrator() && !ada.is_administrator());
    assert_eq!(apply(&fixture, FILE).await.unwrap(), Vec::<String>::new());

    // What is not declared stays; what is declared is all there is.
    let other = "groups: [{ id: night, admins: [], subadmins: [ada] }]";
    assert_eq!(apply(&fixture, other).await.unwrap(), ["update group night (admins, subadmins)"]);
    assert_eq!(fixture.identity.find_group("night").await.unwrap().unwrap().owner, Some(ada.id));
    assert_eq!(apply(&fixture, FILE).await.unwrap(), ["update group night (admins, subadmins)"]);
}

#[rstest]
#[tokio::test]
async fn whoever_decides_is_there_and_a_member(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let faulty = "
groups:
  - { id: night, owner: eve, admins: [ada, nobody, eve], subadmins: [nobody] }
accounts:
  - { login: ada, groups: [night] }
  - { login: eve }
";
    let told = apply(&fixture, faulty).await.unwrap_err();
    let expected = [
        "groups[0].owner: is not a member of this group",
        "groups[0].admins[1]: there is no such account",
        "groups[0].admins[2]: is not a member of this group",
        "groups[0].subadmins[0]: there is no such account",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    assert!(fixture.identity.find_group("night").await.unwrap().is_none(), "nothing was changed");
}

#[test]
fn what_can_be_wrong_without_a_directory() {
    let text = "
groups:
  - { id: admin, subadmins: [ada] }
  - { id: night, owner: '', admins: [ada, ada] }
";
    let told = parse(text).unwrap_err().to_string();
    let expected = [
        "groups[0].subadmins: the group of the administrators has none",
        "groups[1].owner: may not be empty",
        "groups[1].admins[1]: is given twice",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}
