//! Bootstrap files: applied once, applied again, planned, pruned.

use auth_claims::revocations::RevocationReason;
use identity::{
    Identity, IdentityError,
    accounts::{AccountFilter, AccountProfile, SignInRefusal},
    audit::Origin,
    bootstrap::{BootstrapError, Change, DEMO_DOCUMENT, Document, SecretSources},
    clients::{ClientId, ClientRefusal, GrantType, SecretRotation},
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, secret};

const SECRET: &str = "7Gq2mZr9xKc4vTb8nWp3sLd6hYf1jQe5";
const OTHER_SECRET: &str = "aXk29dLq7Wm4ZsR8tVy1BnC6pFh3GjE0";

const FIRST: &str = r#"
organizations:
  - id: north
    name: North
  - id: south
groups:
  - { id: hotline, name: Hotline }
accounts:
  - login: ada
    email: Ada@Example.org
    display_name: Ada
    organization_id: north
    organizations: [{ id: south, role: AGENT }, { id: north, role: ADMIN }]
    roles: [AGENT]
    groups: [hotline]
    password: kleine graue Maus
clients:
  - id: booking
    kind: application
    name: Booking
    grants: [client_credentials]
    scopes: ["rooms:list", "rooms:create"]
    domains: [Example.org]
    organization_id: north
    secret: 7Gq2mZr9xKc4vTb8nWp3sLd6hYf1jQe5
  - id: gateway
    kind: service
    grants: [client_credentials, token_exchange]
    access_token_ttl: 10m
    secret: env:GATEWAY_SECRET
"#;

fn document(text: &str) -> Document {
    parse(text, false).unwrap()
}

fn parse(text: &str, demo: bool) -> Result<Document, BootstrapError> {
    let environment = |name: &str| (name == "GATEWAY_SECRET").then(|| OTHER_SECRET.to_owned());
    Document::parse(text, &SecretSources { environment: &environment, directory: ".".into() }, demo)
}

fn shown(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

async fn plan(identity: &Identity, text: &str, prune: bool) -> Vec<String> {
    shown(&identity.plan_bootstrap(&document(text), prune, &Origin::default()).await.unwrap())
}

/// Applies a file, having checked that the plan says the same and leaves nothing behind.
async fn apply(fixture: &Fixture, text: &str, prune: bool) -> Vec<String> {
    let before = fixture.texts("SELECT action AS value FROM audit_events").await.len();
    let planned = plan(&fixture.identity, text, prune).await;
    assert_eq!(fixture.texts("SELECT action AS value FROM audit_events").await.len(), before);
    let applied = fixture.identity.apply_bootstrap(&document(text), prune, &Origin::default()).await.unwrap();
    assert_eq!(shown(&applied), planned);
    assert_eq!(plan(&fixture.identity, text, prune).await, [""; 0], "applied, and still there is a plan");
    planned
}

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

#[rstest]
#[tokio::test]
async fn a_file_is_applied_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let changes = apply(&fixture, FIRST, false).await;
    assert_eq!(
        changes,
        [
            "create organization north (name)",
            "create organization south (name)",
            "create group hotline (name)",
            "create account ada (login, email, display_name, organization_id, organizations, roles, groups, password)",
            "create client booking (kind, name, scopes, domains, grants, organization_id, secret)",
            "create client gateway (kind, grants, access_token_ttl, secret)",
        ]
    );
    let identity = &fixture.identity;
    let ada = identity
        .verify_password("ada@example.org", &secret("kleine graue Maus"), &Origin::default())
        .await
        .unwrap();
    assert_eq!((ada.groups.as_slice(), ada.organizations.len()), (&["hotline".to_owned()][..], 2));
    let booking = identity.authenticate_client(&id("booking"), &secret(SECRET)).await.unwrap();
    assert_eq!(booking.domains, ["example.org"]);
    let gateway = identity.authenticate_client(&id("gateway"), &secret(OTHER_SECRET)).await.unwrap();
    assert!(gateway.may_use(GrantType::TokenExchange));
    assert_eq!(gateway.name, "gateway");
    assert!(fixture.feed().await.is_empty());
    let members = AccountFilter { group: Some("hotline".to_owned()), ..AccountFilter::default() };
    assert_eq!(identity.list_accounts(members, None, 10).await.unwrap().items, [ada]);
    assert!(!identity.holds_demo_data().await.unwrap());
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
organizations: [{ id: north, name: Far North }]
accounts:
  - { login: ADA, roles: [AGENT, SUPERVISOR] }
clients:
  - { id: booking, kind: application, scopes: ["rooms:list"], enabled: false }
"#;
    let changes = apply(&fixture, second, false).await;
    assert_eq!(
        changes,
        [
            "update organization north (name)",
            "update account ADA (login, roles)",
            "update client booking (enabled, scopes)",
        ]
    );
    let ada = fixture.identity.find_account_by_login("ada").await.unwrap().unwrap();
    assert_eq!((ada.email.as_deref(), ada.groups.len(), ada.roles.len()), (Some("Ada@Example.org"), 1, 2));
    let booking = fixture.identity.find_client(&id("booking")).await.unwrap().unwrap();
    assert_eq!((booking.domains.len(), booking.enabled), (1, false));
    assert_eq!(fixture.feed().await[0].reason, RevocationReason::ClientDisabled);
    assert!(fixture.identity.find_client(&id("gateway")).await.unwrap().is_some(), "nothing was pruned");
}

#[rstest]
#[tokio::test]
async fn a_declared_password_is_set_when_the_declaration_changes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let identity = &fixture.identity;
    let file = |password: &str| format!("accounts: [{{ login: ada, password: {password} }}]");
    apply(&fixture, &file("kleine graue Maus"), false).await;
    let stored = fixture.texts("SELECT hash AS value FROM account_passwords").await;
    assert_eq!(apply(&fixture, &file("kleine graue Maus"), false).await, [""; 0]);
    assert_eq!(fixture.texts("SELECT hash AS value FROM account_passwords").await, stored, "hashed again");
    let ada = identity.find_account_by_login("ada").await.unwrap().unwrap();
    identity.set_password(ada.id, &secret("of her own choice"), &Origin::default()).await.unwrap();
    assert_eq!(apply(&fixture, &file("kleine graue Maus"), false).await, [""; 0]);
    identity.verify_password("ada", &secret("of her own choice"), &Origin::default()).await.unwrap();
    assert_eq!(
        apply(&fixture, &file("reset by the operator"), false).await,
        ["update account ada (password)"]
    );
    identity.verify_password("ada", &secret("reset by the operator"), &Origin::default()).await.unwrap();
    let old = identity.verify_password("ada", &secret("of her own choice"), &Origin::default()).await;
    assert!(matches!(old, Err(SignInRefusal::BadCredentials)));
    assert!(fixture.feed().await.iter().all(|entry| entry.reason == RevocationReason::PasswordChanged));
}

#[rstest]
#[tokio::test]
async fn a_declared_secret_is_set_when_the_declaration_changes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let identity = &fixture.identity;
    let file = |secret: &str| format!("clients: [{{ id: a, kind: service, secret: {secret} }}]");
    apply(&fixture, &file(SECRET), false).await;
    let rotated =
        identity.rotate_secret(&id("a"), SecretRotation::default(), &Origin::default()).await.unwrap();
    assert_eq!(apply(&fixture, &file(SECRET), false).await, [""; 0], "a leaked secret would come back");
    let old = identity.authenticate_client(&id("a"), &secret(SECRET)).await;
    assert!(matches!(old, Err(ClientRefusal::Invalid)));
    identity.authenticate_client(&id("a"), rotated.expose()).await.unwrap();
    assert_eq!(apply(&fixture, &file(OTHER_SECRET), false).await, ["update client a (secret)"]);
    identity.authenticate_client(&id("a"), &secret(OTHER_SECRET)).await.unwrap();
    let old = identity.authenticate_client(&id("a"), rotated.expose()).await;
    assert!(matches!(old, Err(ClientRefusal::Invalid)));
}

#[rstest]
#[tokio::test]
async fn secrets_that_are_right_already_are_no_change(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("ada").await;
    let file = "accounts: [{ login: ada, password: correct horse battery staple }]";
    let known = parse(file, true).unwrap();
    let changes = fixture.identity.apply_bootstrap(&known, false, &Origin::default()).await.unwrap();
    assert_eq!(changes, []);
    assert!(fixture.feed().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn imported_hashes_are_applied_once_though_they_are_upgraded(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let file = r"
accounts:
  - login: ada
    password_hash: $2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe
clients:
  - id: visio
    kind: application
    secret_hash: pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=
";
    assert_eq!(
        apply(&fixture, file, false).await,
        ["create account ada (login, password)", "create client visio (kind, secret)"]
    );
    fixture.identity.verify_password("ada", &secret("a"), &Origin::default()).await.unwrap();
    fixture.identity.authenticate_client(&id("visio"), &secret("lètmein")).await.unwrap();
    assert_eq!(apply(&fixture, file, false).await, [""; 0]);
    fixture.identity.verify_password("ada", &secret("a"), &Origin::default()).await.unwrap();
    fixture.identity.authenticate_client(&id("visio"), &secret("lètmein")).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn pruning_removes_what_files_made_and_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    identity.create_organization("own", "Own", &origin).await.unwrap();
    fixture.account("grace").await;
    fixture.client("own-client").await;
    let file = format!("{FIRST}\n  - {{ id: own-client, kind: service, name: Adopted }}\n");
    assert_eq!(apply(&fixture, &file, false).await.last().unwrap(), "update client own-client (name)");
    let kept = "organizations: [{ id: north }]";
    let changes = apply(&fixture, kept, true).await;
    assert_eq!(
        changes,
        [
            "delete client booking",
            "delete client gateway",
            "delete account ada",
            "delete group hotline",
            "delete organization south",
        ]
    );
    assert!(identity.find_client(&id("own-client")).await.unwrap().is_some(), "adopted, not made");
    assert!(identity.find_account_by_login("grace").await.unwrap().is_some());
    assert!(identity.find_organization("own").await.unwrap().is_some());
    let refused = identity.authenticate_client(&id("booking"), &secret(SECRET)).await;
    assert!(matches!(refused, Err(ClientRefusal::Invalid)));
    let reasons: Vec<_> = fixture.feed().await.into_iter().map(|entry| entry.reason).collect();
    assert!(
        reasons.contains(&RevocationReason::AccountDeleted)
            && reasons.contains(&RevocationReason::ClientDeleted)
    );
}

#[rstest]
#[tokio::test]
async fn a_successor_of_a_declared_client_is_not_pruned(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let file = format!("clients: [{{ id: a, kind: service, secret: {SECRET} }}]");
    apply(&fixture, &file, false).await;
    fixture.identity.delete_client(&id("a"), &Origin::default()).await.unwrap();
    fixture.pass(1);
    fixture.client("a").await;
    assert_eq!(apply(&fixture, "", true).await, [""; 0]);
    assert!(fixture.identity.find_client(&id("a")).await.unwrap().is_some());
    assert_eq!(
        apply(&fixture, &file, false).await,
        ["update client a (secret)"],
        "its secret is not the old one's"
    );
}

#[rstest]
#[tokio::test]
async fn an_organization_in_use_is_not_pruned_and_nothing_else_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    apply(&fixture, "organizations: [{ id: north }, { id: south }]", false).await;
    let profile = AccountProfile {
        organizations: vec![auth_claims::claims::OrganizationMembership {
            id: "south".to_owned(),
            role: auth_claims::roles::Role::Agent,
        }],
        ..AccountProfile::new("grace")
    };
    let grace = identity::accounts::NewAccount { profile, password: identity::accounts::NewPassword::None };
    fixture.identity.create_account(grace, &Origin::default()).await.unwrap();
    for outcome in [
        fixture.identity.plan_bootstrap(&document(""), true, &Origin::default()).await,
        fixture.identity.apply_bootstrap(&document(""), true, &Origin::default()).await,
    ] {
        assert_eq!(outcome.unwrap_err().to_string(), "organization south: the organization is still in use");
    }
    assert!(fixture.identity.find_organization("north").await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn a_provisional_account_is_taken_over_by_its_address(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (made, _) = fixture.identity.provision_account("ada@example.org", &Origin::default()).await.unwrap();
    let file = "accounts: [{ login: ada, email: ADA@example.org, password: kleine graue Maus }]";
    assert_eq!(apply(&fixture, file, false).await, ["update account ada (login, email, password)"]);
    let ada = fixture
        .identity
        .verify_password("ada", &secret("kleine graue Maus"), &Origin::default())
        .await
        .unwrap();
    assert_eq!((ada.id, ada.provisional), (made.id, false));
    assert_eq!(apply(&fixture, "", true).await, [""; 0], "it was not the file that made it");
}

#[rstest]
#[tokio::test]
async fn two_replicas_may_apply_the_same_file_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (replica, origin) = (fixture.replica().await, Origin::default());
    let (one, two) = (document(FIRST), document(FIRST));
    let (first, second) = tokio::join!(
        fixture.identity.apply_bootstrap(&one, true, &origin),
        replica.apply_bootstrap(&two, true, &origin),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.len() + second.len(), 6);
    assert!(first.is_empty() || second.is_empty());
}

/// Threat 22: a database that holds public secrets does not serve by accident.
#[rstest]
#[tokio::test]
async fn threat_22_the_demo_marks_its_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let identity = &fixture.identity;
    identity.require_not_demo().await.unwrap();
    let demo = parse(DEMO_DOCUMENT, true).unwrap();
    identity.plan_bootstrap(&demo, false, &Origin::default()).await.unwrap();
    identity.require_not_demo().await.expect("a plan marks nothing");
    let changes = identity.apply_bootstrap(&demo, false, &Origin::default()).await.unwrap();
    assert!(changes.len() >= 10, "{changes:?}");
    assert_eq!(identity.apply_bootstrap(&demo, true, &Origin::default()).await.unwrap(), []);
    let refused = fixture.replica().await.require_not_demo().await;
    assert!(matches!(refused, Err(IdentityError::DemoDatabase)));
    identity.apply_bootstrap(&document(""), true, &Origin::default()).await.unwrap();
    assert!(identity.holds_demo_data().await.unwrap(), "once marked, always marked");
}

#[rstest]
#[tokio::test]
async fn threat_22_the_demo_has_what_the_documentation_shows(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let identity = &fixture.identity;
    let demo = parse(DEMO_DOCUMENT, true).unwrap();
    identity.apply_bootstrap(&demo, false, &Origin::default()).await.unwrap();
    for name in ["admin", "supervisor", "agent", "customer"] {
        let password = secret(&format!("demo-{name}-password"));
        let account = identity
            .verify_password(&format!("{name}@example.org"), &password, &Origin::default())
            .await
            .unwrap();
        assert_eq!(account.login, name);
    }
    let client = |name: &'static str| {
        let identity = identity.clone();
        async move {
            let secret = secret(&format!("{name}-secret-0123456789abcdef"));
            identity.authenticate_client(&id(name), &secret).await.unwrap()
        }
    };
    assert_eq!(client("demo-visio").await.scopes.len(), 5);
    assert_eq!(client("demo-visio-reader").await.scopes.to_string(), "rooms:list");
    let gateway = client("demo-gateway").await;
    assert!(gateway.may_use(GrantType::TokenExchange));
    assert!(
        ["lasuite_visio", "offline_access", "lasuite_visio:rooms:list"]
            .iter()
            .all(|scope| gateway.scopes.contains(&scope.parse().unwrap()))
    );
    assert!(client("demo-backend").await.may_use(GrantType::ClientCredentials));
}
