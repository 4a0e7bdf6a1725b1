//! Metrics: anybody records through the `metrics` facade, the management listener renders them for Prometheus.

mod process;
pub(crate) mod requests;

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// How often recorded durations are folded into their histograms; until then each takes a few bytes, scraped or not.
pub(crate) const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Upper bounds for everything that is measured in seconds: from a remembered token to a slow query.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Makes the facade record from here on; further calls do nothing. What was recorded before is lost.
pub fn install() {
    recorder();
}

/// The page of `/metrics`.
#[must_use]
pub fn render() -> String {
    let recorder = recorder();
    requests::observe();
    let mut page = recorder.render();
    process::append_to(&mut page);
    page
}

pub(crate) fn upkeep() {
    recorder().run_upkeep();
}

/// What the crate itself counts elsewhere. Counters begin at zero, so that their first step is a step.
fn describe() {
    metrics::describe_gauge!("tessera_build_info", "Always 1; the version is a label.");
    metrics::gauge!("tessera_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::describe_counter!("tessera_panics_total", "Panics. Each one is a fault of the program.");
    metrics::counter!("tessera_panics_total").increment(0);
    metrics::describe_counter!("tessera_log_lines_total", "Log lines that are warnings or errors.");
    for level in ["warn", "error"] {
        metrics::counter!("tessera_log_lines_total", "level" => level).increment(0);
    }
    metrics::describe_gauge!(
        "tessera_ready_check",
        "Whether the check passed, the last time that somebody asked /readyz."
    );
}

fn recorder() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let suffix = Matcher::Suffix("_seconds".to_owned());
        // It fails for an empty list only.
        let builder = builder.set_buckets_for_metric(suffix, &SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("another metrics recorder is installed, /metrics stays empty");
        }
        process::begin();
        requests::describe();
        describe();
        handle
    })
}
