//! What is wrong with a bootstrap file is told all at once, each with its path, and never with a secret.

use std::fmt::Write as _;

use identity::{
    audit::Origin,
    bootstrap::{BootstrapError, Document, SecretSources},
};
use proptest::prelude::*;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

fn parse(text: &str) -> Result<Document, BootstrapError> {
    let environment = |_: &str| None;
    Document::parse(text, &SecretSources { environment: &environment, directory: ".".into() }, false)
}

fn faults(text: &str) -> Vec<String> {
    match parse(text) {
        Err(BootstrapError::Invalid(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

const FAULTY: &str = r#"
organizations:
  - { id: "" }
  - { id: north }
  - { id: north }
groups:
  - { id: hotline, name: " Hotline" }
accounts:
  - login: ada
    email: nobody
    organization_id: north
    organizations: [{ id: south, role: CHIEF }]
    roles: [AGENT, CHIEF]
    groups: [a, a]
    password: short
  - login: ADA
    password: env:NOT_SET
    password_hash: md5$a$b
clients:
  - id: "a b"
    kind: robot
    secret: short
  - id: gateway
    kind: public
    grants: [client_credentials, password]
    access_token_ttl: soon
    secret: file:nowhere
  - id: booking
    kind: application
    name: ""
    scopes: ["rooms:list", "rooms:list", "a b"]
    default_scopes: ["rooms:create"]
    domains: [localhost]
    audiences: ["a b"]
    roles: [CHIEF]
    secret_hash: pbkdf2_sha256$1000000000000$salt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=
"#;

#[test]
fn every_fault_is_told_at_once_with_its_path() {
    let expected = [
        "organizations[2].id: is declared twice",
        "organizations[0].id: may not be empty",
        "organizations[0].name: may not be empty",
        "groups[0].name: may not begin or end with white space",
        "accounts[1].login: is declared twice",
        "accounts[0].roles[1]: there is no such role",
        "accounts[0].organizations[0].role: there is no such role",
        "accounts[0].email: this is not an e-mail address",
        "accounts[0].organization_id: is not one of the account's organizations",
        "accounts[0].groups[1]: is given twice",
        "accounts[1].password_hash: stands beside a password: give one of them",
        "clients[0].id: a client id is 1 to 100 printable ASCII characters without blanks",
        "clients[0].kind: a client is one of service, application, public",
        "clients[1].secret: a public client keeps none",
        "clients[1].access_token_ttl: is no duration such as 10m or 1h",
        "clients[1].grants[1]: is none of client_credentials, refresh_token, authorization_code, token_exchange",
        "clients[1].grants[0]: needs a client that keeps a secret",
        "clients[2].secret_hash: the PBKDF2 iterations are out of bounds",
        "clients[2].scopes[1]: is given twice",
        "clients[2].scopes[2]: a scope is one or more printable ASCII characters without blank, quote and backslash",
        "clients[2].roles[0]: there is no such role",
        "clients[2].name: may not be empty",
        "clients[2].default_scopes[0]: is not one of the client's scopes",
        "clients[2].domains[0]: Enter a valid domain",
        "clients[2].audiences[0]: must be 1 to 255 printable ASCII characters without blanks",
        "accounts[0].password: must have at least 12 characters",
        "clients[0].secret: must have at least 32 characters",
    ];
    assert_eq!(faults(FAULTY), expected);
}

#[test]
fn what_is_not_of_the_form_is_told_with_its_path_and_line() {
    let told = |text: &str| match parse(text) {
        Err(BootstrapError::Syntax(message)) => message,
        other => panic!("{other:?}"),
    };
    for (text, parts) in [
        (
            "accounts:\n  - login: a\n    passwrd: hunter22hunter22\n",
            &["accounts[0]", "passwrd", "line 3"][..],
        ),
        ("clients:\n  - { id: a, kind: service, scopes: [a, [b]] }\n", &["clients[0].scopes[1]", "line 2"]),
        ("clients:\n  - { id: a }\n", &["clients[0]", "kind"]),
        ("rooms: []\n", &["rooms"]),
        ("accounts: {}\n", &["accounts"]),
        ("clients: [\n", &["line"]),
        ("accounts: []\naccounts: []\n", &["accounts"]),
        ("a: &a [*a]\n", &["a"]),
        ("- a\n", &[]),
        ("just text\n", &[]),
        ("--- {}\n--- {}\n", &[]),
    ] {
        let message = told(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{text}{message}");
        assert!(!message.contains("hunter22"), "{message}");
    }
}

#[test]
fn empty_files_and_sections_declare_nothing() {
    for text in ["", "\n", "# nothing yet\n", "{}", "accounts:\nclients: []\n", "---\n"] {
        parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
}

/// The applications service reads them, from the same text.
#[test]
fn sections_of_other_services_are_left_to_them() {
    for section in ["", " []", "\n  - { id: desk, type: GENESYS, config: { a: [1] }, whatever: true }"] {
        parse(&format!("organizations: [{{ id: north }}]\napplications:{section}\n")).unwrap();
    }
}

#[test]
fn secrets_are_texts_whatever_yaml_makes_of_them() {
    for secret in ["1234567890123456", "00012345678901", "12345678901e5", "0x1234567890abcdef"] {
        parse(&format!("accounts: [{{ login: a, password: {secret} }}]")).unwrap();
    }
    assert_eq!(
        faults("accounts: [{ login: a, password: 00000000000123 }]"),
        ["accounts[0].password: is a default or a pattern, which is guessed first"]
    );
}

#[test]
fn hostile_documents_are_refused_in_time() {
    let nested = format!("accounts: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("# {}\n", "x".repeat(9 * 1024 * 1024));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [alias.as_str(); 10].join(", ")).unwrap();
    }
    for text in [nested, long, bomb] {
        assert!(matches!(parse(&text), Err(BootstrapError::Syntax(_))));
    }
}

proptest! {
    /// Whatever somebody types: an answer, no panic, and no fault without a place.
    #[test]
    fn any_text_gets_an_answer(lines in proptest::collection::vec(
        "(organizations|groups|accounts|clients|  - (id|login|kind): [a-z\"':{}\\[\\]&*!|>%@#-]{0,8}|    (secret|scopes|roles|email): .{0,12}|.{0,12})", 0..8
    )) {
        if let Err(BootstrapError::Invalid(faults)) = parse(&lines.join("\n")) {
            prop_assert!(faults.iter().all(|fault| fault.path.contains('[') && !fault.message.is_empty()));
        }
    }
}

#[rstest]
#[tokio::test]
async fn faults_with_the_directory_are_told_at_once_and_nothing_is_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("ada").await;
    fixture.client("booking").await;
    let text = r"
organizations: [{ id: north }]
accounts:
  - { login: grace, email: ADA@example.org }
  - { login: kathleen, organizations: [{ id: north, role: AGENT }, { id: south, role: AGENT }], groups: [hotline] }
  - { login: mary }
clients:
  - { id: booking, kind: application }
  - { id: gateway, kind: service, organization_id: south }
  - { id: backend, kind: service, organization_id: south, secret: 7Gq2mZr9xKc4vTb8nWp3sLd6hYf1jQe5 }
";
    let expected = "accounts[0]: this e-mail address is taken\n\
        accounts[1].organizations[1]: there is no such organization\n\
        accounts[1].groups[0]: there is no such group\n\
        clients[0].kind: is service for ever: this client exists\n\
        clients[1].secret: is missing: a new client of this kind needs a secret or a secret_hash\n\
        clients[2].organization_id: there is no such organization";
    let document = parse(text).unwrap();
    let planned = fixture.identity.plan_bootstrap(&document, false, &Origin::default()).await;
    assert_eq!(planned.unwrap_err().to_string(), expected);
    let applied = fixture.identity.apply_bootstrap(&document, false, &Origin::default()).await;
    assert_eq!(applied.unwrap_err().to_string(), expected);
    assert!(fixture.identity.find_organization("north").await.unwrap().is_none());
    assert!(fixture.identity.find_account_by_login("mary").await.unwrap().is_none());
}
