//! What the tests share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use applications::app::{App, AppError};
use applications::domain::application::{Application, Checked, Kind};
use applications::domain::id::ApplicationId;
use applications::domain::refusal::Refusal;
use applications::settings::ApplicationsSettings;
use applications::store::MIGRATIONS;
use auth_claims::clock::Clock;
use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, FutureExt as _};
use store::{DatabaseSettings, Db};
pub(crate) use test_kit::Backend;
use test_kit::TestDatabase;
use tokio::sync::watch;

/// An id that the authorization server refuses, whatever it is like.
pub(crate) const DISLIKED: &str = "disliked";

/// What the authorization server is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It does what it is told.
    Obedient,
    /// It does nothing and says so.
    Refusing,
    /// It does what it is told, and the answer is lost.
    Mute,
    /// Nothing arrives, until [`Authority::delayed_arrives`].
    Delayed,
    /// It does what it is told, and answers when it is obedient again.
    Slow,
}

/// An authorization server, as far as applications are concerned.
pub(crate) struct Authority {
    mood: watch::Sender<Mood>,
    known: Mutex<BTreeMap<String, ApplicationStatus>>,
    revisions: Mutex<BTreeMap<String, i64>>,
    delayed: Mutex<Vec<(String, Option<ApplicationStatus>, i64)>>,
    told: watch::Sender<usize>,
}

impl Authority {
    fn new() -> Self {
        let (mood, told) = (watch::Sender::new(Mood::Obedient), watch::Sender::new(0));
        Self { mood, known: Mutex::default(), revisions: Mutex::default(), delayed: Mutex::default(), told }
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// What it knows of an application.
    pub(crate) fn knows(&self, id: &str) -> Option<ApplicationStatus> {
        self.known.lock().unwrap().get(id).cloned()
    }

    /// How often it was told anything.
    pub(crate) fn told(&self) -> usize {
        *self.told.borrow()
    }

    /// Waits until it was told something so often.
    pub(crate) async fn is_told(&self, times: usize) {
        self.told.subscribe().wait_for(|told| *told >= times).await.unwrap();
    }

    fn revision_of(&self, id: &str) -> i64 {
        self.revisions.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    /// Whatever was delayed arrives now; how much it was.
    pub(crate) fn delayed_arrives(&self) -> usize {
        let delayed = std::mem::take(&mut *self.delayed.lock().unwrap());
        for (id, status, after) in &delayed {
            self.take_in(id, status.as_ref(), *after);
        }
        delayed.len()
    }

    /// Whether it was not too late.
    fn take_in(&self, id: &str, status: Option<&ApplicationStatus>, after: i64) -> bool {
        let mut revisions = self.revisions.lock().unwrap();
        let revision = revisions.entry(id.to_owned()).or_default();
        if *revision != after {
            return false;
        }
        *revision += 1;
        let mut known = self.known.lock().unwrap();
        match status {
            Some(status) => known.insert(id.to_owned(), status.clone()),
            None => known.remove(id),
        };
        true
    }

    async fn obey(
        &self,
        id: &str,
        status: Option<&ApplicationStatus>,
        after: i64,
    ) -> Result<(), RegistryError> {
        let mood = if id == DISLIKED { Mood::Refusing } else { *self.mood.borrow() };
        match mood {
            Mood::Refusing => {}
            Mood::Delayed => self.delayed.lock().unwrap().push((id.to_owned(), status.cloned(), after)),
            _ => assert!(self.take_in(id, status, after), "something else was told within a turn"),
        }
        self.told.send_modify(|told| *told += 1);
        match mood {
            Mood::Obedient => Ok(()),
            Mood::Refusing => Err(RegistryError::Refused("status 403".to_owned())),
            Mood::Mute | Mood::Delayed => Err(RegistryError::Unconfirmed("status 502".to_owned())),
            Mood::Slow => {
                self.mood.subscribe().wait_for(|mood| *mood == Mood::Obedient).await.unwrap();
                Ok(())
            }
        }
    }
}

impl ApplicationRegistry for Authority {
    fn revision<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>> {
        async move { Ok(self.revision_of(id)) }.boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>> {
        self.obey(id, Some(status), after).boxed()
    }

    fn delete<'a>(&'a self, id: &'a str, after: i64) -> BoxFuture<'a, Result<(), RegistryError>> {
        self.obey(id, None, after).boxed()
    }
}

/// Two replicas of the service on one database.
pub(crate) struct Service {
    pub(crate) replicas: [Arc<App>; 2],
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Clock,
    database: TestDatabase,
}

/// When every test begins.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A service on this database.
pub(crate) async fn replica(url: &str, registry: Arc<dyn ApplicationRegistry>, clock: Clock) -> Arc<App> {
    let settings = ApplicationsSettings { database: DatabaseSettings::at(url), ..Default::default() };
    let db = Db::open(&settings.database).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    Arc::new(App::new(db, settings, registry, clock))
}

impl Service {
    pub(crate) async fn on(backend: Backend) -> Self {
        let (database, clock) = (TestDatabase::on(backend), Clock::manual(start()));
        let authority = Arc::new(Authority::new());
        let (url, registry) = (database.url(), || Arc::clone(&authority) as _);
        let replicas =
            [replica(&url, registry(), clock.clone()).await, replica(&url, registry(), clock.clone()).await];
        Self { replicas, authority, clock, database }
    }

    /// The database, for what no replica tells.
    pub(crate) fn db(&self) -> Db {
        Db::open(&DatabaseSettings::at(self.database.url())).unwrap()
    }

    /// One of the replicas.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.replicas[0]
    }

    pub(crate) async fn create(&self, application: Application) {
        self.app().create(checked(application)).await.unwrap();
    }

    pub(crate) async fn find(&self, name: &str) -> Option<Application> {
        self.app().find(id(name)).await.unwrap()
    }

    /// Asserts that the authorization server knows what the row says.
    pub(crate) async fn assert_agreement(&self, name: &str) {
        let row = self.find(name).await.map(|row| ApplicationStatus {
            organization_id: row.organization_id.to_string(),
            disabled: row.disabled,
            expires_at: row.expires_at,
        });
        assert_eq!(self.authority.knows(name), row, "{name}");
    }
}

pub(crate) fn id(text: &str) -> ApplicationId {
    text.parse().unwrap()
}

pub(crate) fn checked(application: Application) -> Checked {
    Checked::check(application).unwrap()
}

/// An application of an organisation.
pub(crate) fn application(name: &str, organization: &str) -> Application {
    Application {
        id: id(name),
        organization_id: organization.parse().unwrap(),
        kind: Kind::Test,
        config: r#"{"a":1}"#.parse().unwrap(),
        version: 0,
        created_at: start(),
        modified_at: start(),
        visible: true,
        disabled: false,
        expires_at: None,
        anonymous_registration_enabled: false,
    }
}

/// A change by version, as a PUT is.
pub(crate) fn put(
    version: Option<i64>,
    change: impl Fn(&mut Application) + Clone + Send + 'static,
) -> impl FnMut(&Application) -> Result<Checked, Refusal> + Clone + Send + 'static {
    move |stored| {
        if version.is_some_and(|version| version != stored.version) {
            return Err(Refusal::VersionMismatch);
        }
        let mut next = Application { version: stored.version + 1, ..stored.clone() };
        change(&mut next);
        Ok(Checked::check(next)?)
    }
}

/// Whether it was refused like this.
pub(crate) fn is_refused<T>(outcome: &Result<T, AppError>, refusal: Refusal) -> bool {
    matches!(outcome, Err(AppError::Refused(given)) if *given == refusal)
}
