//! Another master key for a directory that is in use: everything that was given out goes on, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

use std::time::Duration;

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta};
use diesel::connection::SimpleConnection as _;
use identity::account_tokens::AccountTokenStanding;
use identity::accounts::{Account, AccountProfile, Name, NewAccount, NewPassword};
use identity::audit::{self, AuditFilter, Origin, chain::Expectations};
use identity::clients::{ClientId, ClientKind, NewClient, NewSecret, Registration};
use identity::device_sessions::{DeviceCredential, DeviceSettings};
use identity::master::MasterKey;
use identity::otp::SecondFactor;
use identity::passwords::PasswordSettings;
use identity::refresh::NewFamily;
use identity::rekeying::{self, Rekeyed, Resealed};
use identity::{Identity, IdentityError};
use rstest::rstest;
use secrecy::SecretString;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};
use token_signing::{Keyring, RotationPolicy};
use totp_rs::Totp;

const PASSWORD: &str = "Pivoine-Rouge-26";

struct Place {
    database: TestDatabase,
    clock: Clock,
}

/// What people and programs hold.
struct Held {
    client: ClientId,
    client_secret: SecretString,
    refresh: String,
    device: DeviceCredential,
    account_token: String,
    app_password: SecretString,
    totp: Totp,
    recovery: SecretString,
    kid: String,
    ada: Account,
}

impl Place {
    fn on(backend: Backend) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self { database: TestDatabase::on(backend), clock }
    }

    fn settings(&self) -> DatabaseSettings {
        DatabaseSettings::at(self.database.url())
    }

    async fn open(&self, master: &MasterKey) -> Result<Identity, IdentityError> {
        let cheap = PasswordSettings { memory_kib: 64, iterations: 1, ..PasswordSettings::default() };
        let db = Db::open(&self.settings()).unwrap();
        Identity::open(db, master.clone(), cheap, self.clock.clone()).await
    }

    async fn rekey(&self, old: &MasterKey, new: &MasterKey) -> Result<Rekeyed, IdentityError> {
        let db = self.alone().await;
        rekeying::rekey(&db, old, new, &self.clock, &Origin::default()).await
    }

    /// The database, once whoever had it open before has let go of it.
    async fn alone(&self) -> Db {
        for _ in 0..500 {
            match Db::open_alone(&self.settings()) {
                Ok(db) => return db,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("still in use")
    }

    /// Makes the next code one that was not used.
    fn pass(&self) {
        self.clock.advance(TimeDelta::seconds(60));
    }
}

async fn account(identity: &Identity, login: &str) -> Account {
    let profile =
        AccountProfile { email: Some(format!("{login}@example.org")), ..AccountProfile::new(login) };
    let new = NewAccount { profile, password: NewPassword::Plain(PASSWORD.into()) };
    identity.create_account(new, &Origin::default()).await.unwrap()
}

fn code(totp: &Totp, clock: &Clock) -> SecretString {
    totp.generate(u64::try_from(clock.now().timestamp()).unwrap()).to_string().into()
}

/// One of everything that is sealed or kept as a code.
async fn hand_out(identity: &Identity) -> Held {
    let (origin, clock) = (Origin::default(), identity.clock());
    let new = NewClient {
        id: Some("web".parse().unwrap()),
        kind: ClientKind::Service,
        registration: Registration::new("web"),
        secret: NewSecret::Generate,
    };
    let (client, secret) = identity.create_client(new, &origin).await.unwrap();
    let (ada, bob) = (account(identity, "ada").await, account(identity, "bob").await);
    clock.advance(TimeDelta::seconds(10));
    let family = NewFamily {
        client_id: client.id.clone(),
        account_id: ada.id,
        sid: uuid::Uuid::new_v4().to_string(),
        scope: "rooms:list".parse().unwrap(),
        audience: vec!["rooms".into()],
        application_id: None,
        auth_time: clock.now(),
        amr: vec!["pwd".into()],
        proven_at: clock.now(),
        until: None,
    };
    let (refresh, _) = identity.start_family(family).await.unwrap();
    let settings = DeviceSettings::default();
    let opened =
        identity.sign_in_by_email("bob@example.org", &PASSWORD.into(), &settings, &origin).await.unwrap();
    let device = DeviceCredential {
        access_token: opened.token.expose().into(),
        client: opened.session.client.clone(),
        uid: "bob@example.org".to_owned(),
    };
    let account_token = identity.account_token(&bob, &origin).await.unwrap().expose().to_owned();
    let (_, app_password) = identity.create_app_password(bob.id, "phone", &origin).await.unwrap();
    let totp = Totp::from_url(identity.enrol_otp(&ada, &origin).await.unwrap().uri()).unwrap();
    let recovery = identity.confirm_otp(ada.id, &code(&totp, clock), &origin).await.unwrap();
    let keys = identity.advance_keys(&RotationPolicy::default()).await.unwrap();
    while identity.seal_audit().await.unwrap().events > 0 {}
    Held {
        client: client.id,
        client_secret: secret.unwrap().expose().clone(),
        refresh: refresh.expose().to_owned(),
        device,
        account_token,
        app_password: app_password.expose().into(),
        totp,
        recovery: recovery.expose().next().unwrap().into(),
        kid: keys[0].kid.clone(),
        ada,
    }
}

/// Everything that was handed out is as good as on the first day.
async fn assert_good(identity: &Identity, held: &mut Held) {
    let (origin, clock) = (Origin::default(), identity.clock());
    identity.authenticate_client(&held.client, &held.client_secret).await.unwrap();
    let next = identity.rotate(&held.client, &held.refresh, &origin).await.unwrap();
    next.token.expose().clone_into(&mut held.refresh);
    assert!(identity.find_device_session(&held.device).await.unwrap().is_some());
    let standing = identity.find_account_token(&held.account_token).await.unwrap();
    let AccountTokenStanding::Usable { account: bob, .. } = standing else { panic!("{standing:?}") };
    let shown = identity.reveal_account_token(bob.id, &origin).await.unwrap().unwrap();
    assert_eq!(shown.expose(), held.account_token, "it is shown in clear");
    identity.verify_app_password(&held.app_password).await.unwrap();
    let factor = SecondFactor { code: Some(code(&held.totp, clock)), trusted_device: None };
    let name = Name::login_or_email("ada");
    identity.verify_credentials(name, &PASSWORD.into(), &factor, &origin).await.unwrap();
    let (keys, now) = (identity.load_keys().await.unwrap(), clock.now());
    let ring = Keyring::from_stored(&keys, identity.secrets().sealer(), now).unwrap();
    assert_eq!(ring.active(now).unwrap().kid, held.kid);
    while identity.seal_audit().await.unwrap().events > 0 {}
    let trail = identity.verify_audit(&Expectations::default()).await.unwrap();
    assert_eq!((trail.fault_count, trail.unsealed), (0, 0), "{trail:?}");
    assert_eq!(trail.partitions.len(), 1, "the chain goes on");
}

fn foreign<T>(outcome: &Result<T, IdentityError>) -> bool {
    matches!(outcome, Err(IdentityError::ForeignMasterKey))
}

/// Twice in a row, each time with all that is sealed and all that is kept as a code.
#[rstest]
#[tokio::test]
async fn everything_goes_on_under_another_master_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let place = Place::on(backend);
    let keys: Vec<_> = (0..3).map(|_| MasterKey::generate().unwrap()).collect();
    let identity = place.open(&keys[0]).await.unwrap();
    let mut held = hand_out(&identity).await;
    drop(identity);
    for change in keys.windows(2) {
        let [old, new] = change else { unreachable!("windows of two") };
        place.pass();
        let counts = Resealed { signing_keys: 1, account_tokens: 1, otp_secrets: 1 };
        assert_eq!(place.rekey(old, new).await.unwrap(), Rekeyed::Done(counts));
        // Whoever was interrupted, and does not know whether it was done, may do it again.
        assert_eq!(place.rekey(old, new).await.unwrap(), Rekeyed::Already);
        assert!(foreign(&place.open(old).await), "the old key is refused");
        let identity = place.open(new).await.unwrap();
        assert_good(&identity, &mut held).await;
        let filter =
            AuditFilter { action: Some("master_key.replace".into()), limit: 9, ..Default::default() };
        let told = identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap();
        assert_eq!(told[0].target.as_deref(), Some("identity"));
    }
    // A version that derives its mark as the first start does takes the new key for a foreign one, too.
    assert!(foreign(&place.open(&MasterKey::generate().unwrap()).await));
    let identity = place.open(&keys[2]).await.unwrap();
    identity.recover_otp(held.ada.id, &held.recovery, &Origin::default()).await.unwrap();
}

/// Half of it is nothing: what does not open under the old key leaves the database to the old key.
#[rstest]
#[tokio::test]
async fn what_cannot_be_sealed_anew_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let place = Place::on(backend);
    let (old, new) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let identity = place.open(&old).await.unwrap();
    let mut held = hand_out(&identity).await;
    let kept = sql(&identity, "CREATE TABLE kept AS SELECT * FROM account_otps").await;
    kept.unwrap();
    sql(&identity, "UPDATE account_otps SET sealed_secret = code_mac FROM otp_recovery_codes").await.unwrap();
    drop(identity);
    let refused = place.rekey(&old, &new).await.unwrap_err();
    assert!(refused.to_string().contains("account_otps"), "{refused}");
    assert!(foreign(&place.rekey(&new, &MasterKey::generate().unwrap()).await), "nobody else's to replace");
    assert!(foreign(&place.open(&new).await));
    let identity = place.open(&old).await.unwrap();
    sql(&identity, "UPDATE account_otps SET sealed_secret = kept.sealed_secret FROM kept").await.unwrap();
    place.pass();
    assert_good(&identity, &mut held).await;
}

/// Whoever still has the old key would go on sealing with it.
#[rstest]
#[tokio::test]
async fn a_database_in_use_keeps_its_key(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let place = Place::on(backend);
    let (old, new) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let running = place.open(&old).await.unwrap();
    running.db().ping().await.unwrap();
    match backend {
        Backend::Sqlite => {
            let refused = Db::open_alone(&place.settings()).unwrap_err().to_string();
            assert!(refused.contains("is in use"), "{refused}");
        }
        Backend::Postgres => {
            let refused = place.rekey(&old, &new).await;
            assert!(matches!(refused, Err(IdentityError::InUse("database"))), "{refused:?}");
        }
    }
    place.open(&old).await.unwrap();
}

async fn sql(identity: &Identity, statement: &'static str) -> Result<(), StoreError> {
    identity.db().write(move |conn: &mut DbConn| Ok::<_, StoreError>(conn.batch_execute(statement)?)).await
}
