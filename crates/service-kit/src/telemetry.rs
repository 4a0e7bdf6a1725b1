//! Logs to standard error, and traces by OTLP when somebody asks for them.
//!
//! A log line carries the fields of the spans around it, so that `request.id` and `trace_id` stand on every line that is
//! written while a request is served. Nothing is logged per request at `info`. Traces are exported when
//! `OTEL_EXPORTER_OTLP_ENDPOINT` is set; without it no exporter, thread or buffer exists.

mod fields;
mod kept;
mod line;
mod log_layer;
mod log_subscriber;
mod otlp;
mod panics;
mod root_span;
mod shown_path;

use std::{
    ffi::OsString,
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogSettings, environment};

use self::{
    log_layer::{Log, LogLayer},
    log_subscriber::LogSubscriber,
    otlp::Endpoint,
};
pub(crate) use root_span::{close_root_span, open_root_span};
pub(crate) use shown_path::SecretPaths;

static EXPORTS: AtomicBool = AtomicBool::new(false);

/// Whether traces are exported.
pub(crate) fn exports() -> bool {
    EXPORTS.load(Ordering::Relaxed)
}

/// Why telemetry does not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is no list of directives.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The OTLP endpoint or another `OTEL_…` variable is wrong.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Endpoint(String),
    /// It was started before, in this process.
    #[error("telemetry is started already")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Keeps telemetry running; dropping it, once the server has stopped, sends what is still buffered.
#[derive(Debug)]
#[must_use = "telemetry ends when this is dropped"]
pub struct TelemetryGuard {
    traces: Option<SdkTracerProvider>,
}

/// Starts logs and metrics, and traces if the environment asks for them. Panics are logged from here on.
///
/// # Errors
/// A malformed `log.level` or OTLP endpoint, and a second start.
pub fn init(settings: &LogSettings, service: &str) -> Result<TelemetryGuard, TelemetryError> {
    init_from(settings, service, environment())
}

/// [`init`] with the `OTEL_EXPORTER_OTLP_…` endpoint of another environment than the process's.
///
/// # Errors
/// As [`init`].
pub fn init_from(
    settings: &LogSettings,
    service: &str,
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<TelemetryGuard, TelemetryError> {
    let traces = Endpoint::find(env).map(|endpoint| otlp::provider(&endpoint, service)).transpose()?;
    let (log, directives) =
        (Log::new(settings.format, io::stderr as fn() -> io::Stderr), directives(&settings.level));
    let filter = EnvFilter::builder().parse(&directives)?;
    match directives.parse::<Targets>() {
        Ok(targets) if traces.is_none() && !directives.contains('[') => {
            LogSubscriber::new(targets, log).try_init()?;
        }
        // Somebody else looks at spans, too: an exporter, or directives about their fields.
        _ => {
            let logs = LogLayer(log).with_filter(filter);
            tracing_subscriber::registry().with(logs).with(traces.as_ref().map(otlp::layer)).try_init()?;
        }
    }
    EXPORTS.store(traces.is_some(), Ordering::Relaxed);
    panics::log();
    crate::metrics::install();
    Ok(TelemetryGuard { traces })
}

/// The level, with actix's own account of its start left out unless it is asked for.
fn directives(level: &str) -> String {
    format!("actix_server=warn,{level}")
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown_with_timeout(otlp::FLUSH_LIMIT)
        {
            tracing::warn!(%error, "some traces are lost");
        }
    }
}
