//! Threat 17: what cannot be somebody's costs the same queries as what nearly is. A test binary of its own, because it
//! counts the statements of the whole process.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_claims::clock::Clock;
use chrono::DateTime;
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use identity::Identity;
use identity::account_tokens::AccountTokenStanding;
use identity::accounts::{AccountProfile, Name, NewAccount, NewPassword, SignInRefusal};
use identity::audit::Origin;
use identity::clients::{ClientKind, NewClient, NewSecret, Registration};
use identity::device_sessions::{DeviceCredential, DeviceSettings};
use identity::master::MasterKey;
use identity::otp::SecondFactor;
use identity::passwords::PasswordSettings;
use identity::services::ServiceChange;
use secrecy::{ExposeSecret as _, SecretString};
use store::{DatabaseSettings, Db};
use test_kit::{Backend, TestDatabase};

static QUERIES: AtomicUsize = AtomicUsize::new(0);

const PASSWORD: &str = "Pivoine-Rouge-26";

fn count(event: &InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { .. } = event {
        QUERIES.fetch_add(1, Ordering::AcqRel);
    }
}

async fn queries_of<T>(work: impl Future<Output = T>) -> (T, usize) {
    let before = QUERIES.load(Ordering::Acquire);
    let done = work.await;
    (done, QUERIES.load(Ordering::Acquire) - before)
}

/// Waits until nothing is written behind an answer any more.
async fn settled() {
    let (mut before, mut quiet) = (QUERIES.load(Ordering::Acquire), 0);
    while quiet < 10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = QUERIES.load(Ordering::Acquire);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
}

async fn directory(database: &TestDatabase) -> Identity {
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let cheap = PasswordSettings { memory_kib: 64, iterations: 1, ..PasswordSettings::default() };
    let identity = Identity::open(db, MasterKey::generate().unwrap(), cheap, clock).await.unwrap();
    identity.create_service("social", ServiceChange::named("Social"), &Origin::default()).await.unwrap();
    for (login, password) in
        [("ada", NewPassword::Plain(SecretString::from(PASSWORD))), ("none", NewPassword::None)]
    {
        let mut profile =
            AccountProfile { email: Some(format!("{login}@example.org")), ..AccountProfile::new(login) };
        profile.set_services(vec!["social".to_owned()]);
        identity.create_account(NewAccount { profile, password }, &Origin::default()).await.unwrap();
    }
    identity
}

#[tokio::test]
async fn threat_17_whatever_is_wrong_costs_the_same_queries() {
    set_default_instrumentation(|| Some(Box::new(|event: InstrumentationEvent<'_>| count(&event)))).unwrap();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::on(backend);
        let identity = directory(&database).await;
        sessions(&identity).await;
        passwords(&identity).await;
        account_tokens(&identity).await;
        basic(&identity).await;
        internal_ids(&identity).await;
        clients(&identity).await;
    }
}

/// An unknown uid, an unknown client, and a wrong token.
async fn sessions(identity: &Identity) {
    let (settings, origin) = (DeviceSettings::default(), Origin::default());
    let password = SecretString::from(PASSWORD);
    let opened = identity.sign_in_by_email("ada@example.org", &password, &settings, &origin).await.unwrap();
    settled().await;
    let (token, client) = (opened.token.expose(), opened.session.client.as_str());
    let mut costs = Vec::new();
    for (token, client, uid) in [
        (token, client, "nobody@example.org"),
        (token, client, "none@example.org"),
        (token, "AAAAAAAAAAAAAAAAAAAAAA", "ada@example.org"),
        ("AAAAAAAAAAAAAAAAAAAAAA", client, "ada@example.org"),
        ("", "", ""),
        (token, client, "\0"),
    ] {
        let (access_token, client, uid) = (SecretString::from(token), client.to_owned(), uid.to_owned());
        let credential = DeviceCredential { access_token, client, uid };
        let (found, cost) = queries_of(identity.find_device_session(&credential)).await;
        assert!(found.unwrap().is_none());
        costs.push(cost);
    }
    assert!(costs[0] > 0 && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

/// An unknown name, one without a password, and a wrong password.
async fn passwords(identity: &Identity) {
    let (settings, origin) = (DeviceSettings::default(), Origin::default());
    let wrong = SecretString::from("wrong");
    let mut costs = Vec::new();
    for email in ["ada@example.org", "none@example.org", "nobody@example.org", "nobody", "", "\0"] {
        // The row of the audit trail is written behind the answer.
        identity.audit().flush().await.unwrap();
        let (refused, cost) = queries_of(identity.sign_in_by_email(email, &wrong, &settings, &origin)).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{refused:?}");
        costs.push(cost);
    }
    assert!(costs[0] > 0 && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

/// An internal id costs no less and no more than another name, somebody's or nobody's.
async fn internal_ids(identity: &Identity) {
    let (nothing, origin) = (SecondFactor::default(), Origin::default());
    let wrong = SecretString::from("wrong");
    let [ada, none] =
        [identity.find_account_by_login("ada").await, identity.find_account_by_login("none").await]
            .map(|found| format!("{}@auth.local", found.unwrap().unwrap().id.as_uuid().simple()));
    let nobody = format!("{}@auth.local", "0".repeat(32));
    let mut costs = Vec::new();
    for name in [&ada, &none, &nobody, "ada", "ada@example.org", "nobody", "@auth.local", "", "\0"] {
        identity.audit().flush().await.unwrap();
        let name = Name::login_email_or_internal_id(name);
        let (refused, cost) = queries_of(identity.verify_credentials(name, &wrong, &nothing, &origin)).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{refused:?}");
        costs.push(cost);
    }
    assert!(costs[0] > 0 && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

/// What is nobody's, what has not even the form of a token, and the token of an account that is gone.
async fn account_tokens(identity: &Identity) {
    let origin = Origin::default();
    let make = async |login: &str| {
        let new = NewAccount { profile: AccountProfile::new(login), password: NewPassword::None };
        let account = identity.create_account(new, &origin).await.unwrap();
        let token = identity.account_token(&account, &origin).await.unwrap();
        (account.id, token.expose().to_owned())
    };
    let ((gone_id, gone), (disabled_id, disabled), (_, usable)) =
        (make("gone").await, make("disabled").await, make("usable").await);
    identity.delete_account(gone_id, &origin).await.unwrap();
    identity.set_account_enabled(disabled_id, false, &origin).await.unwrap();
    let mut costs = Vec::new();
    for token in [&gone, "", "\0", &"0".repeat(40), &usable.to_uppercase(), &usable[1..], &disabled, &usable]
    {
        let (found, cost) = queries_of(identity.find_account_token(token)).await;
        assert_eq!(matches!(found.unwrap(), AccountTokenStanding::Usable { .. }), token == usable);
        costs.push(cost);
    }
    let (others, own) = costs.split_at(6);
    assert!(others[0] > 0 && others.iter().all(|cost| *cost == others[0]), "{costs:?}");
    assert_eq!(own[0], own[1]);
}

/// A wrong secret with the form of an app password, for a known name and for unknown ones.
async fn basic(identity: &Identity) {
    let (origin, wrong) = (Origin::default(), SecretString::from("00000-00000-00000-00000-00000"));
    let mut costs = Vec::new();
    for name in ["ada", "ada@example.org", "none", "nobody", "", "\0"] {
        let (refused, cost) = queries_of(identity.verify_basic(name, &wrong, &origin)).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{refused:?}");
        costs.push(cost);
    }
    assert!(costs[0] > 0 && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

/// The right secret of a client that is known costs no query; a wrong one the same for every client, there or not.
async fn clients(identity: &Identity) {
    let here = "192.0.2.1".parse().unwrap();
    let client = NewClient {
        id: Some("booking".parse().unwrap()),
        kind: ClientKind::Service,
        registration: Registration::new("Booking"),
        secret: NewSecret::Generate,
    };
    let (_, secret) = identity.create_client(client, &Origin::default()).await.unwrap();
    let secret = SecretString::from(secret.unwrap().expose().expose_secret());
    let authenticate = async |secret: &SecretString| {
        identity.may_authenticate("booking", here).unwrap();
        let proven = identity.authenticate_client(&"booking".parse().unwrap(), secret).await;
        if proven.is_ok() {
            identity.client_proven("booking", here).await.unwrap();
        }
        proven.is_ok()
    };
    assert!(authenticate(&secret).await);
    settled().await;
    let (proven, cost) = queries_of(authenticate(&secret)).await;
    assert_eq!((proven, cost), (true, 0));
    let mut costs = Vec::new();
    for id in ["booking", "nobody", "", "\0"] {
        let (counted, cost) = queries_of(identity.client_failed(id, here)).await;
        counted.unwrap();
        costs.push(cost);
    }
    assert!(costs[0] > 0 && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}
