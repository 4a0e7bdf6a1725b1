//! What looks cost in queries. Threat 17: what cannot be somebody's costs the same as what nearly is. A test binary of its
//! own, because it counts the statements of the whole process, one test at a time.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_claims::claims::AccessClaims;
use auth_claims::clock::Clock;
use auth_claims::revocations::RevocationReason;
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
use identity::revocations::{self, Revocation};
use identity::services::ServiceChange;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::{DatabaseSettings, Db};
use test_kit::{Backend, TestDatabase};
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use tokio::task::JoinSet;

static QUERIES: AtomicUsize = AtomicUsize::new(0);

static ALONE: Mutex<()> = Mutex::const_new(());

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

async fn counting() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().await;
    set_default_instrumentation(|| Some(Box::new(|event: InstrumentationEvent<'_>| count(&event)))).unwrap();
    alone
}

#[tokio::test]
async fn threat_17_whatever_is_wrong_costs_the_same_queries() {
    let _alone = counting().await;
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

/// A token that is asked about again and again costs a query now and then, not one each time.
#[tokio::test]
async fn a_look_at_the_feed_counts_for_a_moment() {
    let _alone = counting().await;
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::on(backend);
        let identity = directory(&database).await;
        let account = identity.find_account_by_login("ada").await.unwrap().unwrap().id;
        let claims = claims(&account.to_string());
        settled().await;
        let ask = async || {
            for _ in 0..500 {
                let standing = identity.find_token_standing(&claims).await.unwrap();
                assert_eq!((standing.revoked, standing.username.as_deref()), (None, Some("ada")));
            }
        };
        let ((), cost) = queries_of(ask()).await;
        assert!((1..500).contains(&cost), "{cost}");
    }
}

/// A revocation is read once for all who wait for it in a process, not by each of them.
#[tokio::test]
async fn who_waits_for_the_feed_together_reads_it_together() {
    const FOLLOWERS: usize = 10;
    let _alone = counting().await;
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::on(backend);
        let identity = directory(&database).await;
        let ((), alone) = queries_of(revoke(&identity, "one")).await;
        let start = identity.wait_for_revocation(0, Duration::ZERO).await.unwrap().next;
        let told = Arc::new(Semaphore::new(0));
        let follow = |identity: Identity, told: Arc<Semaphore>| async move {
            let page = identity.wait_for_revocation(start, Duration::from_mins(1)).await.unwrap();
            assert_eq!((page.next, page.entries.len()), (start + 1, 1));
            told.add_permits(1);
            // And on, as followers do.
            identity.wait_for_revocation(page.next, Duration::from_mins(1)).await.unwrap();
        };
        let mut followers = JoinSet::new();
        for _ in 0..FOLLOWERS {
            followers.spawn(follow(identity.clone(), Arc::clone(&told)));
        }
        settled().await;
        let all = async {
            revoke(&identity, "two").await;
            drop(told.acquire_many(u32::try_from(FOLLOWERS).unwrap()).await.unwrap());
            settled().await;
        };
        let ((), together) = queries_of(all).await;
        // One looks at the counter and one reads the page, and now and then one looks again.
        assert!(together < alone + 2 * FOLLOWERS, "{alone}, {together}");
    }
}

async fn revoke(identity: &Identity, jti: &'static str) {
    let until = identity.clock().now() + chrono::TimeDelta::hours(1);
    let one = Revocation::of_token(jti, RevocationReason::Revoked, until);
    identity.write_revoking(move |conn| revocations::revoke(conn, &one)).await.unwrap();
}

/// An access token of this account.
fn claims(account: &str) -> AccessClaims {
    serde_json::from_value(json!({
        "iss": "https://auth.example", "sub": account, "aud": "rooms", "exp": 1_800_003_600, "iat": 1_800_000_000,
        "jti": "a token", "client_id": "web", "kind": "user", "sid": "a session",
    }))
    .unwrap()
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
    // What is still to be written about others would count among the queries.
    identity.audit().flush().await.unwrap();
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
        // The row of the audit trail is written behind the answer.
        identity.audit().flush().await.unwrap();
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
