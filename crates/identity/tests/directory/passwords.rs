//! Signing in by password.

use auth_claims::revocations::RevocationReason;
use identity::{
    IdentityError,
    accounts::{AccountProfile, NewAccount, NewPassword, SignInRefusal},
    audit::Origin,
    passwords::PasswordSettings,
    refresh::{NewFamily, RefreshError, RefreshRefusal},
};
use rstest::rstest;
use store::StoreError;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE, PASSWORD, cheap, secret};

const DJANGO: &str = "pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=";
const DJANGO_PASSWORD: &str = "lètmein";
const BCRYPT: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

async fn imported(fixture: &Fixture, login: &str, hash: &str) {
    let password = NewPassword::Imported(hash.parse().unwrap());
    let new = NewAccount { profile: AccountProfile::new(login), password };
    fixture.identity.create_account(new, &Origin::default()).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn login_and_email_both_sign_in(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let account = fixture.account("ada").await;
    for name in ["ada", "ADA", " ada ", "ada@example.org", "Ada@EXAMPLE.org"] {
        assert_eq!(
            fixture.identity.verify_password(name, &secret(PASSWORD), &Origin::default()).await.unwrap(),
            account,
            "{name}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_login_comes_before_an_equal_address(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("ada").await;
    let profile = AccountProfile::new("ada@example.org");
    let new = NewAccount { profile, password: NewPassword::Plain(secret("another password")) };
    let other = fixture.identity.create_account(new, &Origin::default()).await.unwrap();
    let verify = |password: &'static str| {
        let identity = fixture.identity.clone();
        async move { identity.verify_password("ada@example.org", &secret(password), &Origin::default()).await }
    };
    assert_eq!(verify("another password").await.unwrap().id, other.id);
    assert!(matches!(verify(PASSWORD).await, Err(SignInRefusal::BadCredentials)));
}

/// Threats 17 and 25: whatever is wrong, the answer is the same.
#[rstest]
#[tokio::test]
async fn threat_17_everything_wrong_looks_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let account = fixture.account("ada").await;
    let without = NewAccount { profile: AccountProfile::new("none"), password: NewPassword::None };
    fixture.identity.create_account(without, &Origin::default()).await.unwrap();
    let long = "x".repeat(5000);
    let mut attempts = vec![
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("none", ""),
        ("none", PASSWORD),
        ("", ""),
        ("ada", &long),
    ];
    attempts.extend(HOSTILE.map(|name| (name, PASSWORD)));
    attempts.extend(HOSTILE.map(|password| ("ada", password)));
    for (name, password) in attempts {
        let refused =
            fixture.identity.verify_password(name, &secret(password), &Origin::default()).await.unwrap_err();
        assert!(matches!(refused, SignInRefusal::BadCredentials), "{name:?} {password:?}: {refused:?}");
    }
    fixture.identity.set_account_enabled(account.id, false, &Origin::default()).await.unwrap();
    let wrong = fixture.identity.verify_password("ada", &secret("wrong"), &Origin::default()).await;
    assert!(matches!(wrong, Err(SignInRefusal::BadCredentials)), "a wrong password does not tell the state");
    let right = fixture.identity.verify_password("ada", &secret(PASSWORD), &Origin::default()).await;
    assert!(matches!(right, Err(SignInRefusal::Disabled)));
}

/// Threat 17: an unknown name goes through the same pool for the same kind of hash. Seen by filling the pool: a path
/// that did not hash could still answer.
#[rstest]
#[tokio::test]
async fn threat_17_an_unknown_name_costs_a_hash_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let single = PasswordSettings { threads: Some(1), queue: 0, ..cheap() };
    let fixture = Fixture::with(backend, single).await;
    fixture.account("ada").await;
    let slow = "pbkdf2_sha256$5000000$x$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=".parse().unwrap();
    let password = secret(PASSWORD);
    let attempts = async {
        let mut refusals = Vec::new();
        for name in ["ada", "nobody", "\0"] {
            refusals.push(
                fixture.identity.verify_password(name, &password, &Origin::default()).await.unwrap_err(),
            );
        }
        refusals
    };
    let (occupied, refusals) = tokio::join!(fixture.identity.hasher().verify(&slow, &password), attempts);
    occupied.unwrap();
    for refusal in refusals {
        assert!(matches!(refusal, SignInRefusal::Failed(IdentityError::Overloaded)), "{refusal:?}");
    }
    fixture.identity.verify_password("ada", &password, &Origin::default()).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn imported_hashes_sign_in_and_are_upgraded(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values((DJANGO, DJANGO_PASSWORD), (BCRYPT, "a"))] imported_as: (&str, &str),
) {
    let fixture = Fixture::on(backend).await;
    let (hash, password) = imported_as;
    imported(&fixture, "ada", hash).await;
    let stored = "SELECT hash AS value FROM account_passwords";
    let wrong = fixture.identity.verify_password("ada", &secret("wrong"), &Origin::default()).await;
    assert!(matches!(wrong, Err(SignInRefusal::BadCredentials)));
    assert_eq!(fixture.texts(stored).await, [hash]);
    let (right, origin) = (secret(password), Origin::default());
    let (first, second) = tokio::join!(
        fixture.identity.verify_password("ada", &right, &origin),
        fixture.identity.verify_password("ada", &right, &origin),
    );
    assert_eq!(first.unwrap(), second.unwrap());
    assert!(fixture.texts(stored).await[0].starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    fixture.identity.verify_password("ada", &secret(password), &Origin::default()).await.unwrap();
    assert!(fixture.feed().await.is_empty(), "an upgrade is no change of password");
}

#[rstest]
#[tokio::test]
async fn another_password_ends_the_old_one_and_its_tokens(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let account = fixture.account("ada").await;
    fixture.identity.set_password(account.id, &secret("a new password"), &Origin::default()).await.unwrap();
    let old = fixture.identity.verify_password("ada", &secret(PASSWORD), &Origin::default()).await;
    assert!(matches!(old, Err(SignInRefusal::BadCredentials)));
    fixture.identity.verify_password("ada", &secret("a new password"), &Origin::default()).await.unwrap();
    let feed = fixture.feed().await;
    assert_eq!((feed.len(), feed[0].reason), (1, RevocationReason::PasswordChanged));
    assert_eq!(feed[0].value, account.id.to_string());
    assert_eq!(fixture.audited("account.set_password").await.len(), 1);
}

/// Threat 26: a change of password waits its turn at the database, and the old password is good until it is through.
/// Whatever it opened meanwhile ends too.
#[rstest]
#[tokio::test]
async fn threat_26_a_change_of_password_ends_what_the_old_one_opened_while_it_waited(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::with(backend, PasswordSettings { threads: Some(1), ..cheap() }).await;
    let (identity, account) = (&fixture.identity, fixture.account("ada").await);
    let (client, _) = fixture.client("web").await;
    let (new, origin) = (secret("a new password"), Origin::default());

    let (writing, begun) = tokio::sync::oneshot::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (mut writing, id, db) = (Some(writing), account.id.to_string(), identity.db().clone());
    let writer = tokio::spawn(async move {
        let hold = move |conn: &mut store::DbConn| {
            let touch = "UPDATE accounts SET updated_at = updated_at";
            diesel::RunQueryDsl::execute(diesel::sql_query(touch), conn)?;
            writing.take().map(|writing| writing.send(()));
            let _ = held.recv();
            Ok::<_, StoreError>(id.len())
        };
        db.write(hold).await.unwrap()
    });
    begun.await.unwrap();
    let mut change = std::pin::pin!(identity.set_password(account.id, &new, &origin));
    for _ in 0..50 {
        // There is one hashing thread: by then the hash of the new password is made, and the change waits.
        assert!(futures_util::poll!(&mut change).is_pending());
        identity.hasher().hash(&new).await.unwrap();
    }

    fixture.pass(5);
    let received_at = fixture.clock.now();
    identity.verify_password("ada", &secret(PASSWORD), &Origin::default()).await.unwrap();
    release.send(()).unwrap();
    change.await.unwrap();
    writer.await.unwrap();

    let feed = fixture.feed().await;
    assert_eq!(feed[0].reason, RevocationReason::PasswordChanged);
    assert!(feed[0].issued_before >= received_at.timestamp(), "an access token survives");
    let session = NewFamily {
        client_id: client,
        account_id: account.id,
        sid: "opened with the old password".to_owned(),
        scope: "offline_access".parse().unwrap(),
        audience: vec!["rooms".to_owned()],
        application_id: None,
        auth_time: received_at,
        amr: vec!["pwd".to_owned()],
        proven_at: received_at,
        until: None,
    };
    let started = identity.start_family(session).await;
    assert!(matches!(started, Err(RefreshError::Refused(RefreshRefusal::Revoked))));
}

#[rstest]
#[tokio::test]
async fn a_password_is_stored_as_nothing_but_a_hash(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("ada").await;
    let hashes = fixture.texts("SELECT hash AS value FROM account_passwords").await;
    let details = fixture.texts("SELECT COALESCE(detail, '') AS value FROM audit_events").await;
    assert_eq!((hashes.len(), details.is_empty()), (1, false));
    assert!(hashes.iter().chain(&details).all(|text| !text.contains(PASSWORD)));
}

#[rstest]
#[tokio::test]
async fn a_password_of_more_than_4096_bytes_is_not_set(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let account = fixture.account("ada").await;
    let long = secret(&"x".repeat(4097));
    let refused = fixture.identity.set_password(account.id, &long, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Password(_))));
    let longest = secret(&"x".repeat(4096));
    fixture.identity.set_password(account.id, &longest, &Origin::default()).await.unwrap();
    fixture.identity.verify_password("ada", &longest, &Origin::default()).await.unwrap();
}
