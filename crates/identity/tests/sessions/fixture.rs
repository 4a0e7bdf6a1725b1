//! A directory with people who sign in, on a throw-away database, with cheap passwords and a clock that can be moved.

use std::net::IpAddr;

use auth_claims::clock::Clock;
use auth_claims::revocations::RevocationEntry;
use chrono::{DateTime, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::Text;
use identity::Identity;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword, SignInRefusal};
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use identity::device_sessions::{DeviceCredential, DeviceSession, DeviceSettings, OpenedSession};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use identity::throttle::PasswordLimits;
use secrecy::SecretString;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

pub(crate) const PASSWORD: &str = "Pivoine-Rouge-26";

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) database: TestDatabase,
    master: MasterKey,
}

impl Fixture {
    /// With an account `ada` beside whatever the test makes.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, cheap(), PasswordLimits::default()).await
    }

    pub(crate) async fn limited(backend: Backend, limits: PasswordLimits) -> Self {
        Self::with(backend, cheap(), limits).await
    }

    pub(crate) async fn with(backend: Backend, passwords: PasswordSettings, limits: PasswordLimits) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let identity = open(&database, &master, &clock, passwords).await.with_password_limits(&limits);
        let fixture = Self { identity, clock, database, master };
        fixture.account("ada").await;
        fixture.pass(10_000);
        fixture
    }

    /// A second directory on the same database: what another process would be, or this one after a restart.
    pub(crate) async fn replica(&self) -> Identity {
        open(&self.database, &self.master, &self.clock, cheap()).await
    }

    /// Somebody with the e-mail address `<login>@example.org` and the password of everybody.
    pub(crate) async fn account(&self, login: &str) -> Account {
        self.account_with(login, NewPassword::Plain(secret(PASSWORD))).await
    }

    pub(crate) async fn account_with(&self, login: &str, password: NewPassword) -> Account {
        let profile = AccountProfile { email: Some(email(login)), ..AccountProfile::new(login) };
        self.identity.create_account(NewAccount { profile, password }, &Origin::default()).await.unwrap()
    }

    pub(crate) async fn find(&self, login: &str) -> Account {
        self.identity.find_account_by_login(login).await.unwrap().unwrap()
    }

    /// Signs in as the settings say by default.
    pub(crate) async fn sign_in(&self, login: &str) -> OpenedSession {
        self.sign_in_with(login, &DeviceSettings::default()).await
    }

    pub(crate) async fn sign_in_with(&self, login: &str, settings: &DeviceSettings) -> OpenedSession {
        let (email, password) = (email(login), secret(PASSWORD));
        self.identity.sign_in_by_email(&email, &password, settings, &Origin::default()).await.unwrap()
    }

    /// Signs in from an address, with whatever is given.
    pub(crate) async fn try_from(
        &self,
        address: &str,
        email: &str,
        password: &str,
    ) -> Result<OpenedSession, SignInRefusal> {
        let settings = DeviceSettings { max_clients: 100, ..DeviceSettings::default() };
        self.identity.sign_in_by_email(email, &secret(password), &settings, &from(address)).await
    }

    pub(crate) async fn present(&self, credential: &DeviceCredential) -> Option<DeviceSession> {
        self.identity.find_device_session(credential).await.unwrap()
    }

    /// Everything the revocation feed holds.
    pub(crate) async fn feed(&self) -> Vec<RevocationEntry> {
        self.identity.wait_for_revocation(0, std::time::Duration::ZERO).await.unwrap().entries
    }

    /// Whether a session's tokens are revoked by its id.
    pub(crate) async fn is_revoked(&self, sid: &str) -> bool {
        self.feed().await.iter().any(|entry| entry.kind.as_str() == "sid" && entry.value == sid)
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        self.identity.audit().flush().await.unwrap();
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap()
    }

    /// The first column of a query, as texts.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            value: String,
        }
        let load = move |conn: &mut DbConn| Ok::<_, StoreError>(diesel::sql_query(query).load::<Row>(conn)?);
        self.identity.db().read(load).await.unwrap().into_iter().map(|row| row.value).collect()
    }

    /// Changes rows as nobody else does.
    pub(crate) async fn run(&self, statement: impl Into<String>) {
        let statement = statement.into();
        let run = move |conn: &mut DbConn| Ok::<_, StoreError>(diesel::sql_query(&statement).execute(conn)?);
        self.identity.db().write(run).await.unwrap();
    }

    pub(crate) async fn count(&self, table: &'static str) -> usize {
        let query = match table {
            "device_sessions" => "SELECT sid AS value FROM device_sessions",
            "account_tokens" => "SELECT sid AS value FROM account_tokens",
            "lockouts" => "SELECT 'x' AS value FROM lockouts",
            "familiar_networks" => "SELECT account_id AS value FROM familiar_networks",
            _ => panic!("which table?"),
        };
        self.texts(query).await.len()
    }

    pub(crate) fn pass(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }
}

async fn open(
    database: &TestDatabase,
    master: &MasterKey,
    clock: &Clock,
    passwords: PasswordSettings,
) -> Identity {
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    Identity::open(db, master.clone(), passwords, clock.clone()).await.unwrap()
}

pub(crate) fn cheap() -> PasswordSettings {
    PasswordSettings { memory_kib: 64, iterations: 1, threads: Some(4), ..PasswordSettings::default() }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn email(login: &str) -> String {
    format!("{login}@example.org")
}

pub(crate) fn from(address: &str) -> Origin {
    let address: IpAddr = address.parse().unwrap();
    Origin { address: Some(address), ..Origin::default() }
}

pub(crate) fn several(max_clients: u32) -> DeviceSettings {
    DeviceSettings { max_clients, ..DeviceSettings::default() }
}

/// The three values, as the client sends them back.
pub(crate) fn values(opened: &OpenedSession) -> DeviceCredential {
    let uid = opened.session.account.email.as_ref().unwrap().to_lowercase();
    credential(opened.token.expose(), &opened.session.client, &uid)
}

pub(crate) fn credential(token: &str, client: &str, uid: &str) -> DeviceCredential {
    DeviceCredential { access_token: secret(token), client: client.to_owned(), uid: uid.to_owned() }
}
