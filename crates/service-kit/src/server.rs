//! The server of a process: a public listener, a management listener, background tasks, and an orderly end.
//!
//! | phase | readiness | public listener | ends when |
//! | --- | --- | --- | --- |
//! | serving | what the checks say | serves | SIGTERM, SIGINT or [`Shutdown::request`] |
//! | announcing | 503 | serves | `server.shutdown_delay` is over |
//! | draining | 503 | accepts nothing, finishes what it has | all is finished, `server.shutdown_grace` is over, or a second signal |
//! | closing | 503 | closed | tasks have ended and the shutdown work is done |

mod bound;
mod management;
mod public;
mod signals;
mod tasks;

use std::{fmt::Display, io, net::SocketAddr, sync::Arc};

use actix_web::web::ServiceConfig;
use futures_util::future::{BoxFuture, FutureExt};

pub use self::bound::BoundServer;
use self::tasks::Task;
use crate::{
    health::Readiness, metrics::requests::Dialects, settings::ServerSettings, shutdown::Shutdown,
    telemetry::SecretPaths,
};

pub(crate) type Observers = Vec<Box<dyn Fn() + Send + Sync>>;
type Configure = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// Puts a process together; [`run`](Self::run) serves until it is told to stop.
pub struct Server {
    settings: ServerSettings,
    configures: Vec<Configure>,
    dialects: Dialects,
    secret_paths: SecretPaths,
    observers: Observers,
    readiness: Readiness,
    tasks: Vec<Task>,
    hooks: Vec<BoxFuture<'static, ()>>,
    shutdown: Shutdown,
}

/// Why a server does not start, or ends otherwise than asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A listener's address is taken or not ours.
    #[error("{key}: cannot listen on {address}: {error}")]
    Bind {
        /// The setting that holds the address.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A listener failed while it served.
    #[error("the server failed: {0}")]
    Serve(#[from] io::Error),
}

impl Server {
    /// A server with these settings and nothing to serve yet. From here on metrics are recorded.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        crate::metrics::install();
        let shutdown = Shutdown::default();
        Self {
            settings: settings.clone(),
            configures: Vec::new(),
            dialects: Dialects::default(),
            secret_paths: SecretPaths::default(),
            observers: Vec::new(),
            readiness: Readiness::new(shutdown.clone()),
            tasks: Vec::new(),
            hooks: Vec::new(),
            shutdown,
        }
    }

    /// Mounts a service on the public listener. Called in order, on each worker; resources mounted first match first.
    #[must_use]
    pub fn configure(mut self, configure: impl Fn(&mut ServiceConfig) + Send + Sync + 'static) -> Self {
        self.configures.push(Arc::new(configure));
        self
    }

    /// Says which dialect is spoken below which path, for the label of the request metrics. Of several prefixes the longest
    /// counts; what none covers has the dialect `none`.
    #[must_use]
    pub fn dialects(mut self, prefixes: &[(&'static str, &'static str)]) -> Self {
        self.dialects.extend(prefixes);
        self
    }

    /// Says behind which segments a path is a credential. Spans and logs have it up to there.
    #[must_use]
    pub fn secret_paths(mut self, segments: &[&'static str]) -> Self {
        self.secret_paths.extend(segments);
        self
    }

    /// Calls this before each rendering of `/metrics`, for gauges whose value depends on the moment, such as an age. It must
    /// not wait for anything.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn() + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Adds a check to `/readyz`. It may take two seconds; its error is shown there, on the management listener.
    #[must_use]
    pub fn ready<F, E>(
        mut self,
        name: impl Into<String>,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + 'static,
        E: Display,
    {
        self.readiness.add(name.into(), check);
        self
    }

    /// Runs work beside the requests, until [`Shutdown::requested`] tells it to end. A task that ends before has failed:
    /// `/readyz` says so under its name.
    #[must_use]
    pub fn task<F>(mut self, name: &'static str, work: impl FnOnce(Shutdown) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (task, check) = Task::new(name, work(self.shutdown.clone()));
        self.tasks.push(task);
        self.readiness.add(name.to_owned(), check);
        self
    }

    /// Adds work for the very end, once nothing is served any more: flushing the audit trail. In order, each for at most
    /// ten seconds.
    #[must_use]
    pub fn on_shutdown(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.hooks.push(work.boxed());
        self
    }

    /// The word that ends this server: for long polls to listen to, and for tests to say. Handlers find it as
    /// `web::Data<Shutdown>`.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Binds both listeners without serving yet.
    ///
    /// # Errors
    /// An address that is taken or not ours.
    pub fn bind(self) -> Result<BoundServer, ServerError> {
        BoundServer::bind(self)
    }

    /// Serves until SIGTERM or SIGINT, and ends in order.
    ///
    /// # Errors
    /// An address that is taken or not ours; a listener that fails.
    pub async fn run(self) -> Result<(), ServerError> {
        self.bind()?.run().await
    }
}
