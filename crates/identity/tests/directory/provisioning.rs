//! Accounts made for an address a client names (contracts/meet.md §4.5).

use identity::{
    accounts::{InvalidEmail, ProvisionRefusal, SignInRefusal},
    audit::Origin,
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE, secret};

#[rstest]
#[tokio::test]
async fn an_unknown_address_gets_an_account_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (account, made) = identity.provision_account("Nadia.Roux@Agency.example", &origin).await.unwrap();
    assert!(made && account.provisional && account.enabled);
    assert_eq!(account.email.as_deref(), Some("Nadia.Roux@Agency.example"));
    let again = identity.provision_account(" nadia.roux@agency.EXAMPLE ", &origin).await.unwrap();
    assert_eq!(again, (account.clone(), false));
    assert_eq!(fixture.audited("account.provision").await.len(), 1);
    for name in ["nadia.roux@agency.example", &account.login] {
        let refused = identity.verify_password(name, &secret(""), &Origin::default()).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "it has no password");
    }
}

#[rstest]
#[tokio::test]
async fn a_known_address_gets_its_account(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let account = fixture.account("ada").await;
    let found = fixture.identity.provision_account("ADA@example.org", &Origin::default()).await.unwrap();
    assert_eq!(found, (account.clone(), false));
    fixture.identity.set_account_enabled(account.id, false, &Origin::default()).await.unwrap();
    let (disabled, made) =
        fixture.identity.provision_account("ada@example.org", &Origin::default()).await.unwrap();
    assert!(!made && !disabled.enabled, "the caller decides what a disabled account means");
}

#[rstest]
#[tokio::test]
async fn of_concurrent_callers_one_makes_the_account_and_all_get_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    for round in 0..5 {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let identity = directories[task % 2].clone();
                let email = format!("racer-{round}@example.org");
                tokio::spawn(async move { identity.provision_account(&email, &Origin::default()).await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap().unwrap());
        }
        assert_eq!(outcomes.iter().filter(|(_, made)| *made).count(), 1);
        assert!(outcomes.iter().all(|(account, _)| account.id == outcomes[0].0.id));
    }
    assert_eq!(fixture.audited("account.provision").await.len(), 5);
}

#[rstest]
#[tokio::test]
async fn an_address_that_cannot_be_kept_is_told_apart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let provision = |email: String| {
        let identity = fixture.identity.clone();
        async move { identity.provision_account(&email, &Origin::default()).await }
    };
    let long = format!("{}@example.org", "x".repeat(243));
    let refused = provision(long.clone()).await;
    assert!(matches!(refused, Err(ProvisionRefusal::Email(InvalidEmail::TooLong))), "255 characters");
    provision(long[1..].to_owned()).await.unwrap();
    for text in ["", "nobody", "a\0@example.org", "@example.org", "a b@example.org"] {
        let refused = provision(text.to_owned()).await;
        assert!(matches!(refused, Err(ProvisionRefusal::Email(InvalidEmail::Malformed))), "{text:?}");
    }
}

/// Threat 25: an address is data.
#[rstest]
#[tokio::test]
async fn threat_25_hostile_addresses_are_data(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let mut made = 0;
    for local in HOSTILE {
        let email = format!("{}@example.org", local.replace(' ', "/**/"));
        match fixture.identity.provision_account(&email, &Origin::default()).await {
            Ok((account, true)) => {
                made += 1;
                assert_eq!(account.email.as_deref(), Some(email.as_str()));
            }
            Err(ProvisionRefusal::Email(InvalidEmail::Malformed)) => assert!(email.contains('\0')),
            other => panic!("{email}: {other:?}"),
        }
    }
    let accounts = fixture.texts("SELECT id AS value FROM accounts").await;
    assert_eq!(accounts.len(), made);
}
