//! App passwords, and name and secret as programs send them with every request (contracts/ocs-provisioning.md §3.1).

use std::time::Duration;

use auth_claims::revocations::RevocationReason;
use identity::IdentityError;
use identity::accounts::{AccountId, SignInRefusal};
use identity::app_passwords::{AppPassword, BasicIdentity};
use identity::audit::Origin;
use identity::revocations::{self, Revocation};
use identity::throttle::PasswordLimits;
use rstest::rstest;
use store::StoreError;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, email, from, secret};
use crate::guessing::locking;

/// Has the form of an app password and is nobody's.
const NOBODYS: &str = "00000-00000-00000-00000-00000";

async fn create(fixture: &Fixture, account: AccountId, name: &str) -> (AppPassword, String) {
    let (made, secret) =
        fixture.identity.create_app_password(account, name, &Origin::default()).await.unwrap();
    (made, secret.expose().to_owned())
}

async fn basic(fixture: &Fixture, name: &str, text: &str) -> Result<BasicIdentity, SignInRefusal> {
    fixture.identity.verify_basic(name, &secret(text), &Origin::default()).await
}

async fn alone(fixture: &Fixture, text: &str) -> Result<BasicIdentity, SignInRefusal> {
    fixture.identity.verify_app_password(&secret(text)).await
}

/// Whether it is good for its account with a name and without one.
async fn is_good(fixture: &Fixture, login: &str, app: &AppPassword, text: &str) -> bool {
    let by_name = basic(fixture, login, text).await.ok();
    let by_itself = alone(fixture, text).await.ok();
    assert_eq!(by_name, by_itself);
    let session = by_name.and_then(|found| found.session);
    assert!(
        session.as_ref().is_none_or(|session| session.sid == app.sid && session.created_at == app.created_at)
    );
    session.is_some()
}

#[rstest]
#[tokio::test]
async fn a_program_signs_in_with_its_own_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let (sync, text) = create(&fixture, ada.id, "sync").await;
    assert_eq!((sync.account, sync.name.as_str(), sync.last_used_at), (ada.id, "sync", None));
    for name in ["ada", " ADA ", "ada@example.org", "Ada@Example.ORG"] {
        let found = basic(&fixture, name, &text).await.unwrap();
        assert_eq!(found.account.id, ada.id);
        assert_eq!(found.session.unwrap().sid, sync.sid);
        let by_password = basic(&fixture, name, PASSWORD).await.unwrap();
        assert_eq!((by_password.account.id, by_password.session), (ada.id, None));
    }
    assert!(is_good(&fixture, "ada", &sync, &text).await);
    for wrong in ["", NOBODYS, &text.to_uppercase(), &text[1..], &format!("{text} ")] {
        assert!(matches!(basic(&fixture, "ada", wrong).await, Err(SignInRefusal::BadCredentials)), "{wrong}");
        assert!(matches!(alone(&fixture, wrong).await, Err(SignInRefusal::BadCredentials)), "{wrong}");
    }
    // Of its own it is good for nothing else: no session is opened for it.
    assert!(fixture.try_from("192.0.2.1", &email("ada"), &text).await.is_err());
    let by_password = fixture.identity.verify_password("ada", &secret(&text), &Origin::default()).await;
    assert!(matches!(by_password, Err(SignInRefusal::BadCredentials)));
    assert!(alone(&fixture, PASSWORD).await.is_err());
}

/// Threat 15: whoever has an app password of their own has nobody else's name, list or revocation.
#[rstest]
#[tokio::test]
async fn threat_15_an_app_password_is_its_accounts_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.find("ada").await, fixture.account("bob").await);
    // Somebody whose login is the e-mail address of another: the login goes first, as at every sign-in.
    let ida = fixture.account("bob@example.org").await;
    let (sync, text) = create(&fixture, bob.id, "sync").await;
    for name in ["ada", "ada@example.org", "bob@example.org", "nobody", "", "\0", &"x".repeat(10_000)] {
        assert!(matches!(basic(&fixture, name, &text).await, Err(SignInRefusal::BadCredentials)), "{name:?}");
    }
    for other in [ada.id, ida.id] {
        let revoked = fixture.identity.revoke_app_password(other, &sync.id, &Origin::default()).await;
        assert!(!revoked.unwrap());
        assert_eq!(fixture.identity.list_app_passwords(other).await.unwrap(), []);
    }
    for id in ["", "\0", "nothing", &sync.sid] {
        assert!(!fixture.identity.revoke_app_password(bob.id, id, &Origin::default()).await.unwrap());
    }
    assert!(is_good(&fixture, "bob", &sync, &text).await);
}

#[rstest]
#[tokio::test]
async fn app_passwords_are_listed_and_revoked_one_by_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let mut made = Vec::new();
    for name in ["sync", "phone", "sync"] {
        fixture.pass(1000);
        made.push(create(&fixture, ada.id, name).await);
    }
    let stored = fixture.texts("SELECT id || name || sid AS value FROM app_passwords").await.join(" ");
    assert!(made.iter().all(|(_, text)| !stored.contains(text)));
    let listed = fixture.identity.list_app_passwords(ada.id).await.unwrap();
    assert_eq!(listed, made.iter().map(|(app, _)| app.clone()).collect::<Vec<_>>());

    let (phone, text) = &made[1];
    assert!(fixture.identity.revoke_app_password(ada.id, &phone.id, &Origin::default()).await.unwrap());
    assert!(!fixture.identity.revoke_app_password(ada.id, &phone.id, &Origin::default()).await.unwrap());
    assert!(!is_good(&fixture, "ada", phone, text).await);
    assert!(fixture.is_revoked(&phone.sid).await, "what it was exchanged for ends at once");
    for (app, text) in [&made[0], &made[2]] {
        assert!(is_good(&fixture, "ada", app, text).await);
        assert!(!fixture.is_revoked(&app.sid).await);
    }
    for (action, count) in [("app_password.create", 3), ("app_password.revoke", 1)] {
        let audited = fixture.audited(action).await;
        assert!(
            audited.len() == count && audited.iter().all(|event| event.target == Some(ada.id.to_string()))
        );
        let told = format!("{audited:?}");
        assert!(made.iter().all(|(_, text)| !told.contains(text)), "{told}");
    }
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_made_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin, ada) = (&fixture.identity, Origin::default(), fixture.find("ada").await);
    for name in ["", " ", "a\0b", " sync", "a\nb", &"n".repeat(256)] {
        let refused = identity.create_app_password(ada.id, name, &origin).await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{name:?}: {refused:?}");
    }
    create(&fixture, ada.id, &"é".repeat(255)).await;
    let nobody: AccountId = "01900000-0000-7000-8000-000000000000".parse().unwrap();
    let refused = identity.create_app_password(nobody, "sync", &origin).await;
    assert!(matches!(refused, Err(IdentityError::Unknown("account"))), "{refused:?}");
    for number in 1..100 {
        create(&fixture, ada.id, &format!("app {number}")).await;
    }
    let refused = identity.create_app_password(ada.id, "one more", &origin).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
}

/// What can befall an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Disabled,
    Deleted,
    AnotherPassword,
    AllRevoked,
    SessionRevoked,
}

/// Threat 9: an app password stands and falls with its account.
#[rstest]
#[tokio::test]
async fn threat_09_an_app_password_stands_as_its_account_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Fate::Disabled, Fate::Deleted, Fate::AnotherPassword, Fate::AllRevoked, Fate::SessionRevoked)]
    fate: Fate,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin, ada) = (&fixture.identity, Origin::default(), fixture.find("ada").await);
    let (sync, text) = create(&fixture, ada.id, "sync").await;
    fixture.pass(1000);
    let now = fixture.clock.now();
    let revoke = async |revocation: Revocation| {
        let revoke = move |conn: &mut _| revocations::revoke(conn, &revocation);
        identity.write_revoking::<_, StoreError, _>(revoke).await.unwrap();
    };
    match fate {
        Fate::Disabled => drop(identity.set_account_enabled(ada.id, false, &origin).await.unwrap()),
        Fate::Deleted => identity.delete_account(ada.id, &origin).await.unwrap(),
        Fate::AnotherPassword => {
            identity.set_password(ada.id, &secret("Nouveau-Mot-De-Passe-7"), &origin).await.unwrap();
        }
        Fate::AllRevoked => {
            revoke(Revocation::of_account(ada.id, RevocationReason::Revoked, now)).await;
        }
        Fate::SessionRevoked => {
            revoke(Revocation::of_session(&sync.sid, RevocationReason::SignedOut, now)).await;
        }
    }
    let ended = matches!(fate, Fate::AllRevoked | Fate::SessionRevoked);
    assert_eq!(fixture.is_revoked(&sync.sid).await, ended);
    if fate == Fate::SessionRevoked {
        let session = alone(&fixture, &text).await.unwrap().session.unwrap();
        assert!(!fixture.is_revoked(&session.sid).await, "it goes on in another session");
        return;
    }
    let good = is_good(&fixture, "ada", &sync, &text).await;
    assert_eq!(good, fate == Fate::AnotherPassword);
    let refused = basic(&fixture, "ada", &text).await.map(drop);
    match fate {
        Fate::Disabled => {
            assert!(matches!(refused, Err(SignInRefusal::Disabled)));
            assert!(matches!(alone(&fixture, &text).await, Err(SignInRefusal::Disabled)));
            identity.set_account_enabled(ada.id, true, &origin).await.unwrap();
            assert!(is_good(&fixture, "ada", &sync, &text).await);
        }
        Fate::AnotherPassword => refused.unwrap(),
        _ => assert!(matches!(refused, Err(SignInRefusal::BadCredentials))),
    }
}

/// A second factor is asked for with the password; an app password is how a program does without.
#[rstest]
#[tokio::test]
async fn threat_09_an_app_password_needs_no_second_factor_and_the_password_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let (sync, text) = create(&fixture, ada.id, "sync").await;
    assert!(basic(&fixture, "ada", PASSWORD).await.is_ok());
    let sealed = if backend == Backend::Sqlite { "x'00'" } else { "'\\x00'" };
    fixture
        .run(format!(
            "INSERT INTO account_otps (account_id, sealed_secret, enrolled_at, confirmed_at, last_step) \
             VALUES ('{}', {sealed}, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 0)",
            ada.id
        ))
        .await;
    assert!(matches!(basic(&fixture, "ada", PASSWORD).await, Err(SignInRefusal::OtpRequired)));
    assert!(matches!(basic(&fixture, "ada", NOBODYS).await, Err(SignInRefusal::BadCredentials)));
    assert!(is_good(&fixture, "ada", &sync, &text).await);
}

/// Threat 10: what looks like an app password is counted as a wrong password is; and who uses up the tries of a name locks
/// no program out.
#[rstest]
#[tokio::test]
async fn threat_10_guesses_are_counted_and_lock_no_program_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let limits = PasswordLimits { pair_failures: 3, lockout: locking(6), ..PasswordLimits::default() };
    let fixture = Fixture::limited(backend, limits).await;
    let ada = fixture.find("ada").await;
    let (_, text) = create(&fixture, ada.id, "sync").await;
    let mut looked_at = 0;
    for number in 0..40_u32 {
        let guess = secret(&format!("00000-00000-00000-00000-{number:05}"));
        let origin = from(&format!("192.0.2.{}", number % 4));
        match fixture.identity.verify_basic("ada", &guess, &origin).await {
            Err(SignInRefusal::BadCredentials) => looked_at += 1,
            Err(SignInRefusal::Throttled { retry_after }) => assert!(retry_after > 0),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(looked_at, 6);
    for address in ["192.0.2.0", "198.51.100.7"] {
        let by_password = fixture.identity.verify_basic("ada", &secret(PASSWORD), &from(address)).await;
        assert!(matches!(by_password, Err(SignInRefusal::Throttled { .. })), "{by_password:?}");
        fixture.identity.verify_basic("ada", &secret(&text), &from(address)).await.unwrap();
    }
}

/// The list tells when a program was there last, and costs one write a minute at most.
#[rstest]
#[tokio::test]
async fn a_use_is_noted_once_a_minute(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let (_, text) = create(&fixture, ada.id, "sync").await;
    let noted = async || fixture.identity.list_app_passwords(ada.id).await.unwrap()[0].last_used_at;
    // It is written behind the answer.
    let noted_at = async |expected| {
        while noted().await != Some(expected) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    alone(&fixture, &text).await.unwrap();
    let first = fixture.clock.now();
    noted_at(first).await;
    fixture.pass(59_999);
    alone(&fixture, &text).await.unwrap();
    fixture.pass(1);
    alone(&fixture, &text).await.unwrap();
    // The use in between was not noted: this one would not have been, so soon after it.
    noted_at(fixture.clock.now()).await;
    assert_eq!(fixture.clock.now() - first, chrono::TimeDelta::minutes(1));
}
