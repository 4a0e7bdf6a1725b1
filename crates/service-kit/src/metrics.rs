//! Metrics: anybody records through the `metrics` facade, the management listener renders them for Prometheus.

mod process;
pub(crate) mod requests;

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// How often recorded durations are folded into their histograms; until then each takes a few bytes, scraped or not.
pub(crate) const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

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
    let mut page = recorder().render();
    process::append_to(&mut page);
    page
}

pub(crate) fn upkeep() {
    recorder().run_upkeep();
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
        requests::describe();
        handle
    })
}
