//! What a pool tells of itself: who waits, who has a connection and for how long.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use metrics::{Counter, Gauge, Histogram};

use crate::Backend;

/// The metrics of one pool. Cheap to clone; clones share the handles.
#[derive(Clone)]
pub(crate) struct LaneMetrics {
    database: &'static str,
    pool: &'static str,
    backend: Backend,
    size: u32,
    /// Looked up at the first use: by then the process has installed its recorder.
    handles: Arc<OnceLock<Handles>>,
}

struct Handles {
    waiting: Gauge,
    in_use: Gauge,
    wait_time: Histogram,
    hold_time: Histogram,
    timeouts: Counter,
}

impl LaneMetrics {
    pub(crate) fn new(pool: &'static str, backend: Backend, size: u32) -> Self {
        Self { database: "unnamed", pool, backend, size, handles: Arc::default() }
    }

    /// The same for a database of this name.
    pub(crate) fn named(&self, database: &'static str) -> Self {
        Self { database, handles: Arc::default(), ..self.clone() }
    }

    /// Somebody waits for a connection, until the guard is dropped.
    pub(crate) fn waits(&self) -> Raised {
        Raised::new(&self.handles().waiting)
    }

    /// Somebody has a connection, until the guard is dropped.
    pub(crate) fn holds(&self) -> Held {
        let handles = self.handles();
        Held {
            _in_use: Raised::new(&handles.in_use),
            hold_time: handles.hold_time.clone(),
            since: Instant::now(),
        }
    }

    /// Somebody got a connection after this time.
    pub(crate) fn waited(&self, time: Duration) {
        self.handles().wait_time.record(time);
    }

    /// Somebody got none.
    pub(crate) fn timed_out(&self) {
        self.handles().timeouts.increment(1);
    }

    fn handles(&self) -> &Handles {
        self.handles.get_or_init(|| {
            let labels =
                [("database", self.database), ("pool", self.pool), ("backend", self.backend.as_str())];
            metrics::gauge!("tessera_db_pool_size", &labels).set(f64::from(self.size));
            let timeouts = metrics::counter!("tessera_db_pool_timeouts_total", &labels);
            timeouts.increment(0);
            Handles {
                waiting: metrics::gauge!("tessera_db_pool_waiting", &labels),
                in_use: metrics::gauge!("tessera_db_pool_in_use", &labels),
                wait_time: metrics::histogram!("tessera_db_pool_wait_seconds", &labels),
                hold_time: metrics::histogram!("tessera_db_connection_held_seconds", &labels),
                timeouts,
            }
        })
    }
}

impl std::fmt::Debug for LaneMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneMetrics")
            .field("database", &self.database)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// A gauge that is one higher while this lives.
pub(crate) struct Raised(Gauge);

impl Raised {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A connection in use.
pub(crate) struct Held {
    _in_use: Raised,
    hold_time: Histogram,
    since: Instant,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hold_time.record(self.since.elapsed());
    }
}
