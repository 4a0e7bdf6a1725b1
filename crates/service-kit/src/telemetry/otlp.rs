//! Traces by OTLP over HTTP, on a thread of the SDK's own.

use std::{
    ffi::OsString,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::TelemetryError;

/// How long the last spans may take to be sent, once the server has stopped.
pub(super) const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Whose spans would be about sending spans.
const OWN_MACHINERY: [&str; 8] = [
    "h2",
    "hyper",
    "hyper_util",
    "opentelemetry",
    "opentelemetry_otlp",
    "opentelemetry_sdk",
    "reqwest",
    "rustls",
];

/// Where traces go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint(String);

impl Endpoint {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` as it is, or `OTEL_EXPORTER_OTLP_ENDPOINT` with the path of traces added;
    /// an empty variable counts as none (OpenTelemetry, "Environment Variable Specification").
    pub(super) fn find(env: impl IntoIterator<Item = (OsString, OsString)>) -> Option<Self> {
        let (mut of_traces, mut of_all) = (None, None);
        for (name, value) in env {
            let value = value.into_string().ok().filter(|value| !value.is_empty());
            match name.to_str() {
                Some("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") => of_traces = value,
                Some("OTEL_EXPORTER_OTLP_ENDPOINT") => of_all = value,
                _ => {}
            }
        }
        of_traces.or_else(|| of_all.map(|base| format!("{}/v1/traces", base.trim_end_matches('/')))).map(Self)
    }
}

/// Builds the exporter and its thread. Headers, time-out, sampler and resource attributes come from `OTEL_…` variables.
pub(super) fn provider(endpoint: &Endpoint, service: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(&endpoint.0)
        .build()
        .map_err(|error| TelemetryError::Endpoint(error.to_string()))?;
    let processor =
        BatchSpanProcessor::builder(Reported { exporter, failing: AtomicBool::new(false) }).build();
    let resource = Resource::builder().with_service_name(service.to_owned()).build();
    Ok(SdkTracerProvider::builder().with_span_processor(processor).with_resource(resource).build())
}

/// Turns spans of the platform into OpenTelemetry's.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let own = OWN_MACHINERY.map(|target| (target, LevelFilter::OFF));
    let filter = Targets::new().with_default(LevelFilter::INFO).with_targets(own);
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("tessera"))
        .with_threads(false)
        .with_filter(filter)
}

/// An exporter that says when sending begins to fail, and when it works again; the SDK itself is silent.
#[derive(Debug)]
struct Reported<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        let failed_before = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(error) if !failed_before => tracing::warn!(%error, "traces cannot be sent"),
            Ok(()) if failed_before => tracing::info!("traces are sent again"),
            _ => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], None)]
    #[case(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], None)]
    #[case(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")], Some("http://c:4318/v1/traces"))]
    #[case(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/otlp/")], Some("http://c:4318/otlp/v1/traces"))]
    #[case(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c")], Some("http://t/x"))]
    fn the_endpoint_is_found(#[case] env: &[(&str, &str)], #[case] endpoint: Option<&str>) {
        let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        assert_eq!(Endpoint::find(env), endpoint.map(|endpoint| Endpoint(endpoint.to_owned())));
    }
}
