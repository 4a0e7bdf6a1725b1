//! Sign-ins that are refused: alike, after the same work, and without harm to anybody (contracts/rdv-sign-in.md §3.2, §16).

use auth_claims::claims::OrganizationMembership;
use auth_claims::roles::Role;
use identity::IdentityError;
use identity::accounts::{AccountProfile, NewPassword, SignInRefusal};
use identity::audit::{Origin, Outcome};
use identity::device_sessions::DeviceSettings;
use identity::passwords::PasswordSettings;
use identity::throttle::PasswordLimits;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, cheap, email, secret, values};

/// Threats 17, 18 and 25: whatever is wrong, the answer is the same, nothing ends, and the trail keeps no name.
#[rstest]
#[tokio::test]
async fn threat_17_everything_wrong_looks_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let passwordless = fixture.account_with("none", NewPassword::None).await;
    fixture.identity.provision_account("guest@example.org", &Origin::default()).await.unwrap();
    let opened = fixture.sign_in("ada").await;
    let long = "x".repeat(1024 * 1024);
    let long_address = format!("{long}@example.org");
    let attempts = [
        ("ada@example.org", "wrong"),
        ("ada@example.org", ""),
        ("ada@example.org", "pivoine-rouge-26"),
        ("ada@example.org", " Pivoine-Rouge-26"),
        ("ada@example.org", "Pivoine-Rouge-26\0"),
        ("ada@example.org", &long),
        ("none@example.org", PASSWORD),
        ("guest@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("secret-in-the-wrong-field", PASSWORD),
        ("", ""),
        ("ada@example.org\0", PASSWORD),
        ("%@example.org", PASSWORD),
        ("' OR '1'='1", "' OR '1'='1"),
        (&long_address, PASSWORD),
        (&long, &long),
    ];
    for (address, password) in attempts {
        let refused = fixture.try_from("192.0.2.1", address, password).await.unwrap_err();
        assert!(matches!(refused, SignInRefusal::BadCredentials), "{address:.30?}: {refused:?}");
    }
    assert!(fixture.present(&values(&opened)).await.is_some(), "a failed sign-in ends nothing");
    assert_eq!(fixture.count("device_sessions").await, 1);

    let events = fixture.audited("device_session.open").await;
    let failures: Vec<_> = events.iter().filter(|event| event.outcome == Outcome::Failure).collect();
    assert_eq!(failures.len(), attempts.len());
    let accounts = [opened.session.account.id.to_string(), passwordless.id.to_string()];
    let named = failures.iter().filter(|event| event.target.as_ref().is_some_and(|id| accounts.contains(id)));
    assert_eq!(named.count(), 7);
    let written = format!("{failures:?}");
    for text in ["wrong-field", "nobody@", "xxxxxxxx", "'1'='1"] {
        assert!(!written.contains(text), "{text}");
    }
}

/// Threat 17: an unknown address goes through the same pool for the same kind of hash. Seen by filling the pool: a path
/// that did not hash could still answer. A password that is too long is refused before anything is computed from it.
#[rstest]
#[tokio::test]
async fn threat_17_an_unknown_address_costs_a_hash_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let single = PasswordSettings { threads: Some(1), queue: 0, ..cheap() };
    let fixture = Fixture::with(backend, single, PasswordLimits::default()).await;
    fixture.account_with("none", NewPassword::None).await;
    let slow = "pbkdf2_sha256$3000000$x$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=".parse().unwrap();
    let (password, long) = (secret(PASSWORD), "x".repeat(1024 * 1024));
    let attempts = async {
        for address in ["ada@example.org", "none@example.org", "nobody@example.org", "ada", "\0", ""] {
            let refused = fixture.try_from("192.0.2.1", address, PASSWORD).await.unwrap_err();
            let busy = matches!(refused, SignInRefusal::Failed(IdentityError::Overloaded));
            assert!(busy, "{address:?}: {refused:?}");
            let refused = fixture.try_from("192.0.2.1", address, &long).await.unwrap_err();
            assert!(matches!(refused, SignInRefusal::BadCredentials), "{address:?}: {refused:?}");
        }
    };
    let (occupied, ()) = tokio::join!(fixture.identity.hasher().verify(&slow, &password), attempts);
    occupied.unwrap();
    fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await.unwrap();
}

/// Threats 9 and 17: only the right password tells that an account is disabled, and nothing lets it in.
#[rstest]
#[tokio::test]
async fn threat_09_a_disabled_account_opens_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    fixture.identity.set_account_enabled(ada.id, false, &Origin::default()).await.unwrap();
    let wrong = fixture.try_from("192.0.2.1", "ada@example.org", "wrong").await;
    assert!(matches!(wrong, Err(SignInRefusal::BadCredentials)), "{wrong:?}");
    let right = fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await;
    assert!(matches!(right, Err(SignInRefusal::Disabled)), "{right:?}");
    assert_eq!((fixture.count("device_sessions").await, fixture.count("familiar_networks").await), (0, 0));
    let events = fixture.audited("device_session.open").await;
    let whys: Vec<_> = events.iter().map(|event| event.detail.as_ref().unwrap()["error"].clone()).collect();
    assert_eq!(whys, ["disabled", "bad_credentials"]);
    assert!(events.iter().all(|event| event.target == Some(ada.id.to_string())));

    fixture.identity.set_account_enabled(ada.id, true, &Origin::default()).await.unwrap();
    fixture.try_from("192.0.2.1", "ada@example.org", PASSWORD).await.unwrap();
}

/// An imported hash is upgraded by whichever of several sign-ins at once is first; all of them succeed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_upgrade_the_same_hash_all_succeed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let imported = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe".parse().unwrap();
    fixture.account_with("bob", NewPassword::Imported(imported)).await;
    let sign_ins = (0..8).map(|_| {
        let identity = fixture.identity.clone();
        tokio::spawn(async move {
            let settings = DeviceSettings { max_clients: 8, ..DeviceSettings::default() };
            identity.sign_in_by_email(&email("bob"), &secret("a"), &settings, &Origin::default()).await
        })
    });
    for opened in futures_util::future::join_all(sign_ins).await {
        let opened = opened.unwrap().unwrap();
        assert!(fixture.present(&values(&opened)).await.is_some());
    }
}

/// §3.2 and §11.1: whoever is an agent nowhere is nobody here, whatever the password; and a session ends with the last such
/// place.
#[rstest]
#[tokio::test]
async fn only_agents_have_sessions(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let origin = Origin::default();
    for id in ["north", "south"] {
        fixture.identity.create_organization(id, id, &origin).await.unwrap();
    }
    for (number, (roles, is_agent)) in [
        (vec![Role::Intervenant], false),
        (vec![Role::Customer], false),
        (vec![Role::Intervenant, Role::Customer], false),
        (vec![Role::Intervenant, Role::Agent], true),
        (vec![Role::Supervisor], true),
        (vec![Role::Admin], true),
        (vec![], true),
    ]
    .into_iter()
    .enumerate()
    {
        let login = format!("person-{number}");
        let account = fixture.account(&login).await;
        let opened = fixture.sign_in(&login).await;
        let organizations = ["north", "south"].into_iter().zip(&roles);
        let organizations = organizations
            .map(|(id, role)| OrganizationMembership { id: id.to_owned(), role: *role })
            .collect();
        let profile = AccountProfile { organizations, ..AccountProfile::from(&account) };
        fixture.identity.update_account(account.id, profile, &origin).await.unwrap();
        assert_eq!(fixture.present(&values(&opened)).await.is_some(), is_agent, "{roles:?}");
        match fixture.try_from("192.0.2.1", &email(&login), PASSWORD).await {
            Ok(_) => assert!(is_agent, "{roles:?}"),
            Err(refusal) => {
                assert!(matches!(refusal, SignInRefusal::BadCredentials), "{refusal:?}");
                assert!(!is_agent, "{roles:?}");
            }
        }
    }
}
