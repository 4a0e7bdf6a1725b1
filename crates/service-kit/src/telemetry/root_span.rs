//! The span around a request, and the trace that it belongs to.

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName},
};
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::exports;
use crate::{request_id::RequestId, trusted_proxies::only};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Opens the span that will be named `{method} {route}`, once the route is known. Its path is recorded as it may be shown, its
/// query never: queries carry credentials.
pub(crate) fn open_root_span(
    request: &ServiceRequest,
    id: &RequestId,
    method: &'static str,
    dialect: &'static str,
    path: &str,
) -> Span {
    // At the level of errors, so that an error's line has its request id whatever `log.level` is.
    let span = tracing::error_span!(
        "request",
        otel.kind = "server",
        request.id = id.as_str(),
        trace_id = Empty,
        http.request.method = method,
        http.route = Empty,
        dialect,
        url.path = path,
        http.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    );
    let remote = remote(request.headers());
    let own = exports().then(|| {
        if let Some(remote) = &remote {
            // It fails for a span that nobody looks at; then the trace id below is all there is to it.
            let _ = span.set_parent(remote.clone());
        }
        span.context()
    });
    for context in [own, remote].into_iter().flatten() {
        let trace = context.span().span_context().clone();
        if trace.is_valid() {
            span.record("trace_id", tracing::field::display(trace.trace_id()));
            break;
        }
    }
    span
}

/// Completes the span with what is known once the request is answered.
pub(crate) fn close_root_span(span: &Span, method: &str, route: &str, status: u16) {
    if exports() {
        // The name of a span that has begun does not change by recording `otel.name`.
        span.context().span().update_name(format!("{method} {route}"));
    }
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    // OpenTelemetry, "HTTP spans": a server's span failed if the server did, and the type of the error is the status.
    if status >= 500 {
        span.record("error.type", tracing::field::display(status));
        span.record("otel.status_code", "ERROR");
    }
}

/// The caller's span, from `traceparent` (W3C Trace Context §3.2).
fn remote(headers: &HeaderMap) -> Option<Context> {
    only(headers, &TRACEPARENT)?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
    context.span().span_context().is_valid().then_some(context)
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }
    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(actix_web::http::header::HeaderName::as_str).collect()
    }
}
