//! A directory on a throw-away database, and short ways to people.

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta};
use identity::{
    Identity,
    account_details::{self, AccountDetails, DetailsChange, DetailsError, DetailsRules, InvalidDetail},
    accounts::{Account, AccountId, AccountProfile, NewAccount, NewPassword},
    act::Act,
    audit::{self, AuditEvent, AuditFilter, Origin},
    directory_search::{self, Among, Window},
    master::MasterKey,
    passwords::PasswordSettings,
};
use secrecy::SecretString;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What has broken string-built SQL, patterns and encodings elsewhere (threat 25).
pub(crate) const HOSTILE: [&str; 14] = [
    "' OR '1'='1",
    "'; DROP TABLE accounts; --",
    "') UNION SELECT id, hash FROM account_passwords --",
    "%",
    "_",
    "%' ESCAPE '!",
    "\\",
    "\\%",
    "$1",
    "?",
    "\0",
    "a\0b",
    "\u{1}",
    "\u{2019} OR 1=1",
];

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    master: MasterKey,
    database: TestDatabase,
}

impl Fixture {
    pub(crate) async fn on(backend: Backend) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let identity = open(&database, &master, &clock).await;
        Self { identity, clock, master, database }
    }

    /// A second directory on the same database: what another process would be.
    pub(crate) async fn replica(&self) -> Identity {
        open(&self.database, &self.master, &self.clock).await
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, StoreError> + Send + 'static,
    {
        self.identity.db().read(work).await.unwrap()
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + store::StoreCause + Send + 'static,
        F: Fn(&mut DbConn, &Act) -> Result<T, E> + Send + 'static,
    {
        let act = Act::new(&self.clock, &Origin { actor: Some("root".to_owned()), ..Origin::default() });
        self.identity.db().write(move |conn| work(conn, &act)).await
    }

    /// An account that cannot sign in.
    pub(crate) async fn person(&self, login: &str, display_name: Option<&str>) -> Account {
        self.made(login, display_name, NewPassword::None).await
    }

    pub(crate) async fn signing_in(&self, login: &str) -> Account {
        self.made(login, None, NewPassword::Plain(SecretString::from(PASSWORD))).await
    }

    async fn made(&self, login: &str, display_name: Option<&str>, password: NewPassword) -> Account {
        let profile = AccountProfile {
            email: Some(format!("{}@Example.org", login.replace(' ', "."))),
            display_name: display_name.map(str::to_owned),
            ..AccountProfile::new(login)
        };
        self.identity.create_account(NewAccount { profile, password }, &Origin::default()).await.unwrap()
    }

    pub(crate) async fn group(&self, id: &str, members: &[AccountId]) {
        self.identity.create_group(id, id, None, &Origin::default()).await.unwrap();
        let (id, members) = (id.to_owned(), members.to_vec());
        let join = move |conn: &mut DbConn, act: &Act| {
            for member in &members {
                identity::groups::add_member(conn, act, &id, *member)?;
            }
            Ok::<_, identity::IdentityError>(())
        };
        self.write(join).await.unwrap();
    }

    /// Makes one change as somebody else than the account's owner.
    pub(crate) async fn change(&self, id: AccountId, key: &str, value: &str) -> Result<(), InvalidDetail> {
        let change = DetailsChange::read(key, value, true, &DetailsRules::default())?;
        self.apply(id, change).await
    }

    pub(crate) async fn apply(&self, id: AccountId, change: DetailsChange) -> Result<(), InvalidDetail> {
        let outcome = self.write(move |conn, act| account_details::change(conn, act, id, &change)).await;
        match outcome {
            Ok(()) => Ok(()),
            Err(DetailsError::Invalid(fault)) => Err(fault),
            Err(DetailsError::Failed(error)) => panic!("{error}"),
        }
    }

    pub(crate) async fn details(&self, id: AccountId) -> AccountDetails {
        self.read(move |conn| account_details::find(conn, id)).await
    }

    /// Logins in the order of the list.
    pub(crate) async fn logins(&self, among: Among<'static>, search: &str, window: Window) -> Vec<String> {
        let search = search.to_owned();
        let found = self.read(move |conn| directory_search::find(conn, among, &search, window)).await;
        found.into_iter().map(|one| one.login).collect()
    }

    pub(crate) async fn search(&self, search: &str) -> Vec<String> {
        self.logins(Among::Everybody, search, Window::default()).await
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.read(move |conn| audit::list(conn, &filter)).await
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// The only value that a query gives.
    pub(crate) async fn count(&self, query: String) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            value: i64,
        }
        let query = format!("SELECT COUNT(*) AS value FROM {query}");
        let load = move |conn: &mut DbConn| {
            Ok::<_, StoreError>(
                diesel::RunQueryDsl::get_result::<Row>(diesel::sql_query(&query), conn)?.value,
            )
        };
        self.read(load).await
    }
}

async fn open(database: &TestDatabase, master: &MasterKey, clock: &Clock) -> Identity {
    let cheap = PasswordSettings { memory_kib: 64, iterations: 1, ..PasswordSettings::default() };
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    Identity::open(db, master.clone(), cheap, clock.clone()).await.unwrap()
}
