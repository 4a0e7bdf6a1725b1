//! Bootstrap files with territories, services and the agents in them.

use identity::{
    agents,
    audit::Origin,
    bootstrap::{BootstrapError, Change, DEMO_DOCUMENT, Document, SecretSources},
    organizations::Verticale,
    pages::Slice,
    services::SECRETARIAT,
};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::{Fixture, secret};

const FIRST: &str = r#"
territories:
  - { id: coast, name: Coast }
  - id: hills
services:
  - { id: social, name: Service social, short_name: SOC }
  - id: pmi
organizations:
  - id: die
    name: MDS Die
    territory_id: coast
    phone_number: "0475000000"
    email: " die@example.org "
    verticale: rdv_insertion
  - id: lac
accounts:
  - login: ada
    organizations: [{ id: die, role: INTERVENANT }]
    services: [social, pmi]
    territories: [hills, coast]
  - login: bob
    service_id: pmi
"#;

fn parse(text: &str, demo: bool) -> Result<Document, BootstrapError> {
    let environment = |_: &str| None;
    Document::parse(text, &SecretSources { environment: &environment, directory: ".".into() }, demo)
}

fn shown(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

/// Applies a file, having checked that the plan says the same and that nothing is left to do then.
async fn apply(fixture: &Fixture, text: &str, prune: bool) -> Vec<String> {
    let (identity, origin, document) = (&fixture.identity, Origin::default(), parse(text, false).unwrap());
    let planned = shown(&identity.plan_bootstrap(&document, prune, &origin).await.unwrap());
    assert_eq!(shown(&identity.apply_bootstrap(&document, prune, &origin).await.unwrap()), planned);
    let before = fixture.texts("SELECT action AS value FROM audit_events").await.len();
    assert_eq!(shown(&identity.apply_bootstrap(&document, prune, &origin).await.unwrap()), [""; 0]);
    assert_eq!(fixture.texts("SELECT action AS value FROM audit_events").await.len(), before);
    planned
}

async fn refusal(fixture: &Fixture, text: &str, prune: bool) -> Vec<String> {
    let document = parse(text, false).unwrap();
    let audited = fixture.texts("SELECT action AS value FROM audit_events").await.len();
    let refused = fixture.identity.apply_bootstrap(&document, prune, &Origin::default()).await;
    let Err(BootstrapError::Invalid(faults)) = refused else { panic!("{refused:?}") };
    assert_eq!(fixture.texts("SELECT action AS value FROM audit_events").await.len(), audited);
    faults.iter().map(ToString::to_string).collect()
}

#[rstest]
#[tokio::test]
async fn a_file_is_applied_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    assert_eq!(
        apply(&fixture, FIRST, false).await,
        [
            "create territory coast (name)",
            "create territory hills (name)",
            "create service social (name, short_name)",
            "create service pmi (name)",
            "create organization die (name, phone_number, email, verticale, territory_id)",
            "create organization lac (name)",
            "create account ada (login, organizations, services, territories)",
            "create account bob (login, service_id)",
        ]
    );
    let identity = &fixture.identity;
    let die = identity.find_organization("die").await.unwrap().unwrap();
    assert_eq!((die.territory_id.as_deref(), die.verticale), (Some("coast"), Verticale::RdvInsertion));
    assert_eq!(die.email.as_deref(), Some("die@example.org"));
    let ada = identity.find_account_by_login("ada").await.unwrap().unwrap();
    assert_eq!(
        (ada.services, ada.territories),
        (vec!["social".to_owned(), "pmi".to_owned()], vec!["coast".to_owned(), "hills".to_owned()],)
    );
    let bob = identity.find_account_by_login("bob").await.unwrap().unwrap();
    assert_eq!(bob.services, ["pmi"]);
}

#[rstest]
#[tokio::test]
async fn only_what_is_declared_and_differs_is_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    apply(&fixture, FIRST, false).await;
    fixture.pass(10);
    let second = r#"
territories: [{ id: coast }, { id: hills, name: High hills }]
services: [{ id: social }, { id: pmi, short_name: PMI }]
organizations:
  - { id: die, verticale: rdv_mairie }
  - { id: lac, territory_id: hills, phone_number: "3939" }
accounts:
  - { login: ada, service_id: pmi }
  - { login: bob, services: [social, pmi], service_id: social, territories: [] }
"#;
    assert_eq!(
        apply(&fixture, second, false).await,
        [
            "update territory hills (name)",
            "update service pmi (short_name)",
            "update organization die (verticale)",
            "update organization lac (phone_number, territory_id)",
            "update account ada (service_id)",
            "update account bob (services)",
        ]
    );
    let ada = fixture.identity.find_account_by_login("ada").await.unwrap().unwrap();
    assert_eq!(ada.services, ["pmi", "social"]);
    assert_eq!(
        apply(&fixture, "accounts: [{ login: ada, services: [], territories: [coast] }]", false).await,
        ["update account ada (services, territories)"]
    );
    let ada = fixture.identity.find_account_by_login("ada").await.unwrap().unwrap();
    assert_eq!((ada.service_id, ada.territories), (None, vec!["coast".to_owned()]));
}

#[rstest]
#[tokio::test]
async fn pruning_takes_what_files_made_and_nobody_uses(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    apply(&fixture, FIRST, false).await;
    identity.create_territory("own", "Own", &origin).await.unwrap();
    identity.create_service("own", identity::services::ServiceChange::default(), &origin).await.unwrap();

    // The rest still stands in what is to go.
    let without = "organizations: [{ id: die }]\naccounts: [{ login: bob }]";
    assert_eq!(
        refusal(&fixture, without, true).await,
        ["service pmi: the service is still in use", "territory coast: the territory is still in use"]
    );
    let less = format!("{without}\nservices: [{{ id: pmi }}]\nterritories: [{{ id: coast }}]");
    assert_eq!(
        apply(&fixture, &less, true).await,
        ["delete account ada", "delete organization lac", "delete service social", "delete territory hills",]
    );
    assert_eq!(
        apply(&fixture, "", true).await,
        ["delete account bob", "delete organization die", "delete service pmi", "delete territory coast"]
    );
    assert!(identity.find_territory("own").await.unwrap().is_some());
    assert!(identity.find_service("own").await.unwrap().is_some());
}

/// A row made anew under a pruned id is somebody else's.
#[rstest]
#[tokio::test]
async fn what_was_made_anew_is_not_pruned(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    apply(&fixture, "territories: [{ id: coast }]\nservices: [{ id: desk }]", false).await;
    fixture.pass(1);
    identity.delete_territory("coast", &origin).await.unwrap();
    identity.delete_service("desk", &origin).await.unwrap();
    identity.create_territory("coast", "Coast", &origin).await.unwrap();
    identity.create_service("desk", identity::services::ServiceChange::default(), &origin).await.unwrap();
    assert_eq!(apply(&fixture, "", true).await, [""; 0]);
    assert!(identity.find_territory("coast").await.unwrap().is_some());
}

#[test]
fn every_fault_is_told_at_once_with_its_path() {
    let text = r#"
territories: [{ id: " " }, { id: coast }, { id: coast, name: "" }]
services:
  - { id: "" , name: X, short_name: "" }
  - { id: "a\nb" }
organizations:
  - { id: die, name: " ", phone_number: "12", email: "a\u0001b", verticale: rdv_autre, territory_id: "" }
accounts:
  - { login: ada, services: [a, a], territories: [b, c, b], roles: [INTERVENANT] }
  - { login: bob, services: [a, b], service_id: b }
  - { login: eve, services: [], service_id: b }
"#;
    let Err(BootstrapError::Invalid(faults)) = parse(text, false) else { panic!("nothing is wrong") };
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "territories[2].id: is declared twice",
            "territories[0].id: may not be empty",
            "territories[0].name: may not be empty",
            "territories[2].name: may not be empty",
            "services[0].id: may not be empty",
            "services[0].short_name: may not be empty",
            "services[1].id: may not contain control characters",
            "services[1].name: may not contain control characters",
            "organizations[0].verticale: is none of rdv_insertion, rdv_solidarites, rdv_aide_numerique, rdv_mairie",
            "organizations[0].name: may not be empty",
            "organizations[0].phone_number: is neither a French or international telephone number nor four digits",
            "organizations[0].email: may not contain control characters",
            "organizations[0].territory_id: may not be empty",
            "accounts[0].services[1]: is given twice",
            "accounts[0].territories[2]: is given twice",
            "accounts[0].roles[0]: is held in an organization only",
            "accounts[1].service_id: is not the first of the account's services",
            "accounts[2].service_id: is not the first of the account's services",
        ]
    );
}

#[rstest]
#[tokio::test]
async fn what_is_referred_to_must_be_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let text = r"
territories: [{ id: coast }]
organizations:
  - { id: one, name: Die, territory_id: coast }
  - { id: two, name: Die, territory_id: coast }
  - { id: three, territory_id: nowhere }
accounts:
  - { login: ada, services: [nowhere], territories: [coast, nowhere] }
  - { login: bob, service_id: nowhere }
";
    assert_eq!(
        refusal(&fixture, text, false).await,
        [
            "organizations[1]: this organization name is taken",
            "organizations[2].territory_id: there is no such territory",
            "accounts[0].services[0]: there is no such service",
            "accounts[0].territories[1]: there is no such territory",
            "accounts[1].services[0]: there is no such service",
        ]
    );
    assert!(fixture.identity.find_territory("coast").await.unwrap().is_none());
}

/// contracts/rdv-sign-in.md §11.4, in the words of the demo's comment.
#[rstest]
#[tokio::test]
async fn the_demo_s_agents_see_whom_its_comment_says(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    identity.apply_bootstrap(&parse(DEMO_DOCUMENT, true).unwrap(), false, &origin).await.unwrap();
    assert_eq!(identity.find_service("secretariat").await.unwrap().unwrap().name, SECRETARIAT);
    let expected: [(&str, &[&str], &[&str]); 9] = [
        ("anais", &["anais", "bastien"], &["mds-moulin"]),
        ("bastien", &["anais", "bastien"], &["mds-moulin", "mds-tilleuls"]),
        ("chloe", &["chloe", "damien"], &["mds-moulin"]),
        (
            "damien",
            &["anais", "bastien", "chloe", "damien", "elsa", "florian"],
            &["mds-moulin", "mds-tilleuls"],
        ),
        ("elsa", &["anais", "bastien", "chloe", "damien", "elsa"], &["mds-moulin"]),
        ("florian", &["damien", "florian"], &["mds-tilleuls"]),
        ("gaelle", &["gaelle", "hugo"], &["mds-lac"]),
        ("hugo", &["anais", "bastien", "chloe", "damien", "elsa", "florian", "gaelle", "hugo"], &["mds-lac"]),
        ("ines", &[], &[]),
    ];
    for (login, seen, organizations) in expected {
        let viewer = identity.find_account_by_login(login).await.unwrap().unwrap();
        let email = viewer.email.clone().unwrap();
        assert!(email.starts_with(login) && email.ends_with("@rdv.example.org"), "{email}");
        let password = secret("demo-Agent-Password-1");
        assert_eq!(identity.verify_password(&email, &password, &origin).await.unwrap().id, viewer.id);
        let visible = move |conn: &mut DbConn| -> Result<_, StoreError> {
            let agents = agents::list_visible(conn, viewer.id, None, Slice::page(1, 100))?;
            Ok((agents, agents::organizations(conn, viewer.id, Slice::page(1, 100))?))
        };
        let (agents, houses) = identity.db().read(visible).await.unwrap();
        let mut found = Vec::new();
        for agent in agents.items {
            found.push(identity.find_account(agent.id).await.unwrap().unwrap().login);
        }
        assert_eq!(found, seen, "{login}");
        let houses: Vec<String> = houses.items.into_iter().map(|house| house.id).collect();
        assert_eq!(houses, organizations, "{login}");
    }
}
