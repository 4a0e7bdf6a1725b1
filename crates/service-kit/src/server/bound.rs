//! A server that has its addresses, and its life from there to the end.

use std::{net::SocketAddr, time::Duration};

use actix_web::dev::{Server as Running, ServerHandle};
use futures_util::future::BoxFuture;

use super::{
    Server, ServerError, management, public,
    signals::Signals,
    tasks::{self, Task},
};
use crate::{metrics, shutdown::Shutdown};

/// Both listeners are bound; [`run`](Self::run) serves.
pub struct BoundServer {
    public: (Running, SocketAddr),
    management: (Running, SocketAddr),
    signals: Signals,
    end: End,
    tasks: Vec<Task>,
    delay: Duration,
}

/// What is left to do once nothing is served any more.
struct End {
    shutdown: Shutdown,
    hooks: Vec<BoxFuture<'static, ()>>,
}

impl BoundServer {
    pub(super) fn bind(server: Server) -> Result<Self, ServerError> {
        let Server {
            settings,
            configures,
            dialects,
            secret_paths,
            observers,
            readiness,
            tasks,
            hooks,
            shutdown,
        } = server;
        let told = |key, address| move |error| ServerError::Bind { key, address, error };
        let management = management::bind(settings.management, readiness, observers)
            .map_err(told("server.management", settings.management))?;
        let public = public::bind(&settings, configures, dialects, secret_paths, shutdown.clone())
            .map_err(told("server.listen", settings.listen))?;
        let signals = Signals::listen()?;
        let delay = settings.shutdown_delay;
        Ok(Self { public, management, signals, end: End { shutdown, hooks }, tasks, delay })
    }

    /// Where clients are served, with the port that port 0 became.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.public.1
    }

    /// Where health and metrics are served, with the port that port 0 became.
    #[must_use]
    pub fn management(&self) -> SocketAddr {
        self.management.1
    }

    /// Serves until SIGTERM, SIGINT or [`Shutdown::request`], and ends in order.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn run(self) -> Result<(), ServerError> {
        let Self {
            public: (public, listen),
            management: (management, health),
            mut signals,
            end,
            tasks,
            delay,
        } = self;
        tracing::info!("listening on http://{listen}, management on http://{health}");
        let (public_handle, management_handle) = (public.handle(), management.handle());
        let shutdown = end.shutdown.clone();
        let tasks: Vec<_> = tasks.into_iter().map(Task::spawn).collect();
        let ends = async {
            let told = wait(&shutdown, &mut signals).await;
            tracing::info!("stopping after {told}");
            shutdown.request();
            drain(&public_handle, &mut signals, delay).await;
            tasks::join(tasks).await;
            tasks::finish(end.hooks).await;
            management_handle.stop(false).await;
        };
        // A listener that fails ends the process in order, too.
        let serve = async |listener: Running| {
            let outcome = listener.await;
            shutdown.request();
            outcome
        };
        let upkeep = tokio::spawn(fold_metrics());
        let (served, managed, ()) = tokio::join!(serve(public), serve(management), ends);
        upkeep.abort();
        served?;
        managed?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Waits for the reason to end, and tells it.
async fn wait(shutdown: &Shutdown, signals: &mut Signals) -> &'static str {
    tokio::select! {
        signal = signals.next() => signal,
        () = shutdown.requested() => "a request to end",
    }
}

/// Closes the public listener once what it serves is finished, or at once at the next signal.
async fn drain(public: &ServerHandle, signals: &mut Signals, delay: Duration) {
    let gracefully = async {
        tokio::time::sleep(delay).await;
        public.stop(true).await;
    };
    tokio::select! {
        () = gracefully => {}
        signal = signals.next() => {
            tracing::warn!("{signal} again: open requests are dropped");
            public.stop(false).await;
        }
    }
}

/// Without it, recorded durations pile up until somebody scrapes.
async fn fold_metrics() {
    loop {
        tokio::time::sleep(metrics::UPKEEP_INTERVAL).await;
        metrics::upkeep();
    }
}
