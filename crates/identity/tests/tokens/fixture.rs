//! A directory with an account and two clients, on a throw-away database and a clock that can be moved.

use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::clock::Clock;
use auth_claims::revocations::RevocationEntry;
use chrono::{DateTime, TimeDelta};
use identity::Identity;
use identity::accounts::{AccountId, AccountProfile, NewAccount, NewPassword};
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use identity::clients::{ClientId, ClientKind, NewClient, NewSecret, Registration};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use identity::refresh::{Family, NewFamily, PlainRefreshToken};
use identity::revocations::{self, Revocation};
use store::{DatabaseSettings, Db};
use test_kit::{Backend, TestDatabase};

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) account: AccountId,
    pub(crate) client: ClientId,
    pub(crate) other_client: ClientId,
    master: MasterKey,
    database: TestDatabase,
}

impl Fixture {
    pub(crate) async fn on(backend: Backend) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let identity = open(&database, &master, &clock).await;
        let profile = AccountProfile::new("ada");
        let account = NewAccount { profile, password: NewPassword::None };
        let account = identity.create_account(account, &Origin::default()).await.unwrap().id;
        let client = register(&identity, "web").await;
        let other_client = register(&identity, "other").await;
        // A sign-in in the second of the fixture's own changes would count as one from before them.
        clock.advance(TimeDelta::seconds(10));
        Self { identity, clock, account, client, other_client, master, database }
    }

    /// A second directory on the same database, with its own connections: what another process would be.
    pub(crate) async fn another(&self) -> Identity {
        open(&self.database, &self.master, &self.clock).await
    }

    /// The path of a SQLite database.
    pub(crate) fn file(&self) -> String {
        self.database.url().strip_prefix("sqlite:").unwrap().to_owned()
    }

    pub(crate) fn settings(&self) -> DatabaseSettings {
        DatabaseSettings::at(self.database.url())
    }

    /// A pool of its own, for what the directory must not know of.
    pub(crate) fn db(&self) -> Db {
        Db::open(&self.settings()).unwrap()
    }

    pub(crate) fn family(&self) -> NewFamily {
        NewFamily {
            client_id: self.client.clone(),
            account_id: self.account,
            sid: uuid::Uuid::new_v4().to_string(),
            scope: "rooms:list rooms:create".parse().unwrap(),
            audience: vec!["rooms".into(), "applications".into()],
            application_id: None,
            auth_time: self.clock.now(),
            amr: vec!["pwd".into()],
            proven_at: self.clock.now(),
            until: None,
        }
    }

    pub(crate) async fn start(&self) -> (PlainRefreshToken, Family) {
        self.identity.start_family(self.family()).await.unwrap()
    }

    /// An access token of that family, issued now.
    pub(crate) fn claims(&self, family: &Family) -> AccessClaims {
        let now = self.clock.now().timestamp();
        AccessClaims {
            iss: "https://auth.example".into(),
            sub: family.account_id.to_string(),
            aud: "rooms".into(),
            exp: now + 3600,
            iat: now,
            nbf: None,
            jti: uuid::Uuid::new_v4().to_string(),
            client_id: family.client_id.to_string(),
            scope: family.scope.clone(),
            auth_time: None,
            amr: vec![],
            act: None,
            kind: SubjectKind::User,
            sid: Some(family.sid.clone()),
            session_exp: None,
            email: None,
            name: None,
            organization_id: None,
            organizations: vec![],
            service_id: None,
            roles: vec![],
            groups: vec![],
            permissions: vec![],
            application_id: None,
            user_id: None,
            delegated: false,
        }
    }

    /// Everything the feed holds, read as a follower does.
    pub(crate) async fn feed(&self) -> Vec<RevocationEntry> {
        let (mut after, mut entries) = (0, vec![]);
        loop {
            let page = self.identity.wait_for_revocation(after, std::time::Duration::ZERO).await.unwrap();
            if page.next == after {
                return entries;
            }
            after = page.next;
            entries.extend(page.entries);
        }
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.db().read(move |conn| audit::list(conn, &filter)).await.unwrap()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

async fn open(database: &TestDatabase, master: &MasterKey, clock: &Clock) -> Identity {
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    Identity::open(db, master.clone(), PasswordSettings::default(), clock.clone()).await.unwrap()
}

/// Registers a confidential client.
pub(crate) async fn register(identity: &Identity, id: &str) -> ClientId {
    let new = NewClient {
        id: Some(id.parse().unwrap()),
        kind: ClientKind::Service,
        registration: Registration::new(id),
        secret: NewSecret::Generate,
    };
    identity.create_client(new, &Origin::default()).await.unwrap().0.id
}

/// Revokes in a transaction of its own.
pub(crate) async fn revoke(identity: &Identity, revocation: Revocation) -> i64 {
    identity.write_revoking(move |conn| revocations::revoke(conn, &revocation)).await.unwrap()
}
