//! The database a service holds.

use std::{fmt, fs::File, path::Path, sync::Arc, time::Duration};

use diesel::{connection::SimpleConnection as _, r2d2::R2D2Connection as _};

use crate::{
    DatabaseSettings, DbConn, Migrations, StoreCause, StoreError,
    connect::{self, Connector, Role},
    data_dir,
    lane::Lane,
    migrations,
    shared_commits::SharedCommits,
    target::Target,
    transaction::{self, Failure},
};

/// Which database this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Backend {
    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transaction that lost a conflict is tried this often in all.
const TRIES: u32 = 10;

/// How writes get to the database.
#[derive(Clone, Debug)]
enum Writers {
    /// SQLite has one writer at a time. Queueing for its connection is fair and costs no thread, where waiting for the
    /// lock in SQLite would be neither.
    One(SharedCommits),
    /// PostgreSQL flushes commits at the same time together by itself.
    Many(Lane),
}

/// A database, by its pool. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    connector: Connector,
    backend: Backend,
    readers: Lane,
    writers: Writers,
}

impl Db {
    /// Checks the settings and creates a missing SQLite file. Connections are opened when they are needed, so a
    /// PostgreSQL server that is down shows at the first use.
    ///
    /// # Errors
    /// [`StoreError::Settings`] for a URL or a file that cannot be used.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Self::open_entering(settings, data_dir::enter)
    }

    /// [`Db::open`], with another way into the directory of a SQLite file.
    pub(crate) fn open_entering(
        settings: &DatabaseSettings,
        enter: impl FnOnce(&Path) -> Result<File, StoreError>,
    ) -> Result<Self, StoreError> {
        let target = Target::parse(&settings.url)?;
        let backend = target.backend();
        let presence = match &target {
            Target::Sqlite(path) => Some(Arc::new(connect::prepare_file(path, enter)?)),
            Target::Postgres(_) => None,
        };
        if settings.max_connections == 0 {
            return Err(StoreError::Settings("max_connections has to be at least 1".to_owned()));
        }
        let connector = Connector::new(target, Role::Writer, settings);
        let lane = |name, role, size| {
            let (connector, patience) = (connector.for_role(role), settings.acquire_timeout);
            Lane::new(name, connector, backend, size, patience, presence.clone())
        };
        let (readers, writers) = match backend {
            Backend::Sqlite => {
                let writer = SharedCommits::new(lane("writer", Role::Writer, 1));
                (lane("reader", Role::Reader, settings.max_connections), Writers::One(writer))
            }
            Backend::Postgres => {
                let both = lane("shared", Role::Writer, settings.max_connections);
                (both.clone(), Writers::Many(both))
            }
        };
        Ok(Self { connector, backend, readers, writers })
    }

    /// The same database, whose metrics carry this name.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        let writers = match self.writers {
            Writers::One(commits) => Writers::One(commits.named(name)),
            Writers::Many(lane) => Writers::Many(lane.named(name)),
        };
        Self { readers: self.readers.named(name), writers, ..self }
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs queries on a thread of the database, each on its own: no transaction surrounds them.
    ///
    /// A read-only transaction would cost PostgreSQL two round trips beside the one that matters, and promise no more
    /// at its isolation level: each statement sees what is committed when it starts. `work` may run again on another
    /// connection when the first one turns out to be dead.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError::Unavailable`] when there is no connection.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        // Boxed, so that a handler does not carry the room for each of its queries along, from one layer to the next.
        Box::pin(self.read_apart(work)).await
    }

    #[tracing::instrument(name = "db.read", skip_all, fields(db.system.name = self.backend.as_str()))]
    async fn read_apart<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        let mut spares = self.readers.size();
        loop {
            let ((returned, outcome), dead) = self
                .readers
                .run(move |conn| {
                    let outcome = work(conn);
                    let dead =
                        outcome.as_ref().err().and_then(E::store_error).is_some_and(StoreError::is_lost)
                            || conn.is_broken();
                    ((work, outcome), dead)
                })
                .await?;
            if outcome.is_ok() || !dead || spares == 0 {
                return outcome;
            }
            (work, spares) = (returned, spares - 1);
        }
    }

    /// [`Db::read`] for requests whose whole time such a read is: on SQLite it runs on the calling thread, when a
    /// connection lies idle, since a reader waits for nobody there and is done before another thread would have begun.
    /// PostgreSQL may keep silent for long, which must not stop everything else on this thread.
    ///
    /// Only for a few statements that each find a few rows by an index, whatever the tables have grown to. Lists, counts and
    /// searches stay with [`Db::read`].
    ///
    /// # Errors
    /// Those of [`Db::read`].
    pub async fn look_up<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        match self.look_up_here(&mut work) {
            Some(outcome) => outcome,
            None => self.read(work).await,
        }
    }

    #[tracing::instrument(name = "db.read", skip_all, fields(db.system.name = self.backend.as_str()))]
    fn look_up_here<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        if self.backend != Backend::Sqlite {
            return None;
        }
        let outcome = self.readers.hold_idle(work)?;
        Some(outcome.unwrap_or_else(|error| Err(error.into())))
    }

    /// Runs `work` in a write transaction on a thread of the database; `Err` and a panic roll back.
    ///
    /// SQLite begins it with `IMMEDIATE`, and writes that wait at the same time share a commit. PostgreSQL runs it at `READ
    /// COMMITTED`. When a transaction loses a serialization failure or a deadlock, or one that is shared fails, `work` runs
    /// again, so it must have no effect outside the database.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Unavailable`] when there is no connection; the conflict after the last try.
    #[tracing::instrument(name = "db.write", skip_all, fields(db.system.name = self.backend.as_str()))]
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        match &self.writers {
            Writers::One(commits) => Box::pin(commits.write(work)).await,
            Writers::Many(lane) => Box::pin(write_apart(lane, work)).await,
        }
    }

    /// Applies what is missing of `migrations` and returns the versions it applied. Safe to call from several
    /// replicas at the same time: one does the work, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Migration`] for one that fails, [`StoreError::Unavailable`] without a database.
    #[tracing::instrument(name = "db.migrate", skip_all, fields(component = migrations.name))]
    pub async fn migrate(&self, migrations: &'static Migrations) -> Result<Vec<String>, StoreError> {
        self.aside(move |conn| migrations::migrate(conn, migrations)).await
    }

    /// The versions that [`Db::migrate`] would apply. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] without a database.
    pub async fn pending(&self, migrations: &'static Migrations) -> Result<Vec<String>, StoreError> {
        self.read(move |conn| migrations::pending(conn, migrations)).await
    }

    /// Whether the database answers, for readiness.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| conn.batch_execute("SELECT 1").map_err(StoreError::from)).await
    }

    /// Runs `work` on a connection of its own, which closes afterwards with all its locks and settings.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (connector, span) = (self.connector.for_role(Role::Migrator), tracing::Span::current());
        tokio::task::spawn_blocking(move || span.in_scope(|| work(&mut connector.open()?)))
            .await
            .unwrap_or(Err(StoreError::Panicked))
    }
}

/// Runs `work` in a transaction of its own, and again when that loses a conflict.
async fn write_apart<T, E, F>(lane: &Lane, mut work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + StoreCause + Send + 'static,
    F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
{
    let (mut tries, mut spares) = (1, lane.size());
    loop {
        let ((returned, outcome), dead) = lane
            .run(move |conn| {
                let outcome = transaction::run(conn, &mut work);
                let error = outcome.as_ref().err().and_then(Failure::store_error);
                let dead = error.is_some_and(StoreError::is_lost) || conn.is_broken();
                ((work, outcome), dead)
            })
            .await?;
        work = returned;
        match outcome {
            Err(Failure::Begin(_)) if dead && spares > 0 => spares -= 1,
            Err(Failure::Inside(error))
                if tries < TRIES && error.store_error().is_some_and(StoreError::is_retryable) =>
            {
                tracing::debug!(tries, "the transaction lost a conflict and runs again");
                tokio::time::sleep(pause(tries)).await;
                tries += 1;
            }
            outcome => return outcome.map_err(Failure::into_error),
        }
    }
}

/// 0 to 10 ms, 0 to 20 ms, … up to half a second: the losers of a conflict should not meet again.
fn pause(tries: u32) -> Duration {
    let ceiling = (10_000_u32 << tries.min(6)).min(500_000);
    Duration::from_micros(u64::from(getrandom::u32().unwrap_or(ceiling) % ceiling))
}
