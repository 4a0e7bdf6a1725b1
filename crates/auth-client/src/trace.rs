//! What a call of the authorization server leaves behind: a span that the other side's spans hang from, and its duration.

use std::time::Instant;

use opentelemetry::propagation::{Injector, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, StatusCode};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A call under way.
pub(crate) struct Traced {
    call: &'static str,
    span: Span,
    began: Instant,
}

impl Traced {
    /// Opens the span of a request and names it in its headers: `traceparent` and `tracestate`. Without an exporter there
    /// is no trace, and nothing is sent.
    pub(crate) fn begin(request: &mut Request) -> Self {
        let call = name(request.url().path());
        let span = tracing::info_span!(
            "authority.call",
            otel.kind = "client",
            call,
            http.request.method = request.method().as_str(),
            server.address = request.url().host_str(),
            url.path = request.url().path(),
            http.response.status_code = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        TraceContextPropagator::new().inject_context(&span.context(), &mut Headers(request.headers_mut()));
        Self { call, span, began: Instant::now() }
    }

    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// Completes the span and counts the call; without a status there was no answer.
    pub(crate) fn end(self, status: Option<StatusCode>) {
        let status_code = status.map(|status| status.as_u16());
        self.span.record("http.response.status_code", status_code);
        // OpenTelemetry, "HTTP spans": a client's span failed with every status of 400 or more.
        if status_code.is_none_or(|code| code >= 400) {
            let failed = status_code.map_or_else(|| "no answer".to_owned(), |code| code.to_string());
            self.span.record("error.type", failed);
            self.span.record("otel.status_code", "ERROR");
        }
        let outcome = match status {
            Some(status) if status.is_success() => "success",
            Some(status) if status.is_client_error() => "refused",
            _ => "failure",
        };
        metrics::histogram!("tessera_authority_call_duration_seconds", "call" => self.call, "outcome" => outcome)
            .record(self.began.elapsed());
    }
}

/// What is called, as a label: the endpoints of `settings.rs`, without what follows them.
fn name(path: &str) -> &'static str {
    let names = [
        ("/internal/applications/", "applications"),
        ("/internal/directory/", "directory"),
        ("/internal/revocations", "revocations"),
        ("/oauth/token", "token"),
        ("/.well-known/jwks.json", "keys"),
    ];
    names.iter().find(|(part, _)| path.contains(part)).map_or("other", |(_, name)| name)
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_bounded_whatever_the_id() {
        for (path, label) in [
            ("/internal/applications/a-b", "applications"),
            ("/base/internal/directory/accounts/ada@x.example", "directory"),
            ("/internal/revocations", "revocations"),
            ("/base/oauth/token", "token"),
            ("/.well-known/jwks.json", "keys"),
            ("/elsewhere", "other"),
        ] {
            assert_eq!(name(path), label);
        }
    }
}
