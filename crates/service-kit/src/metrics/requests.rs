//! How many requests there are, what comes of them and how long they take, by dialect, method, route and status.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix_web::http::{Method, StatusCode};
use metrics::{Histogram, Unit};

const NAME: &str = "tessera_http_request_duration_seconds";
const IN_FLIGHT: &str = "tessera_http_requests_in_flight";
/// The route of a path that no resource has; the paths themselves are without bound.
pub(crate) const UNMATCHED: &str = "unmatched";
/// The dialect of a path that no service has claimed.
pub(crate) const NO_DIALECT: &str = "none";

pub(super) fn describe() {
    metrics::describe_histogram!(
        NAME,
        Unit::Seconds,
        "Time from a request's head to its response's, by dialect and route."
    );
    metrics::describe_gauge!(IN_FLIGHT, "Requests that wait for their response's head.");
}

/// Sets the gauge, when somebody is about to look at it.
#[expect(clippy::cast_precision_loss, reason = "nobody has that many connections")]
pub(super) fn observe() {
    metrics::gauge!(IN_FLIGHT).set(WAITING.load(Ordering::Relaxed) as f64);
}

/// Which dialect is spoken below which path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialects(Vec<(&'static str, &'static str)>);

impl Dialects {
    /// Adds prefixes. The longest are looked at first.
    pub(crate) fn extend(&mut self, prefixes: &[(&'static str, &'static str)]) {
        self.0.extend(prefixes);
        self.0.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    }

    /// The dialect of a path.
    pub(crate) fn of(&self, path: &str) -> &'static str {
        let below = |rest: &str| rest.is_empty() || rest.starts_with(['/', '.']);
        let found = self.0.iter().find(|(prefix, _)| path.strip_prefix(prefix).is_some_and(below));
        found.map_or(NO_DIALECT, |(_, dialect)| dialect)
    }
}

/// The method as a label: the standard ones, and one name for everything that a client may make up.
pub(crate) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        // OpenTelemetry's name for it ("HTTP spans", `http.request.method`).
        _ => "_OTHER",
    }
}

/// A request that has been answered. All of it is bounded, whatever clients send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) route: &'a str,
    pub(crate) dialect: &'static str,
    pub(crate) status: StatusCode,
}

type Kind = (&'static str, &'static str, StatusCode);
type ByRoute = HashMap<Box<str>, Vec<(Kind, Histogram)>>;

/// How many there are in flight.
static WAITING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Handles that this worker has used: looking one up in the recorder costs several allocations.
    static KNOWN: RefCell<ByRoute> = RefCell::default();
}

/// Records one request.
pub(crate) fn record(request: Request<'_>, took: Duration) {
    let Request { method, route, dialect, status } = request;
    let kind = (method, dialect, status);
    KNOWN.with_borrow_mut(|known| {
        let of_route = known.get(route).map(Vec::as_slice).unwrap_or_default();
        if let Some((_, handle)) = of_route.iter().find(|(of, _)| *of == kind) {
            handle.record(took);
            return;
        }
        let labels = [
            ("dialect", dialect.to_owned()),
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        let handle = metrics::histogram!(NAME, &labels);
        handle.record(took);
        known.entry(route.into()).or_default().push((kind, handle));
    });
}

/// A request that is being served, counted until it is dropped: answered, or given up on by its client.
pub(crate) struct InFlight;

impl InFlight {
    pub(crate) fn enter() -> Self {
        WAITING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_of_whole_segments_names_the_dialect() {
        let mut dialects = Dialects::default();
        dialects.extend(&[("/api/v1", "rdv"), ("/ocs", "ocs")]);
        dialects.extend(&[("/api/v1/audit", "oauth2"), ("/oauth", "oauth2")]);
        for (path, dialect) in [
            ("/api/v1/absences", "rdv"),
            ("/api/v1", "rdv"),
            ("/api/v1.json", "rdv"),
            ("/api/v1/audit/events", "oauth2"),
            ("/api/v1/auditors", "rdv"),
            ("/api/v10", NO_DIALECT),
            ("/oauthx", NO_DIALECT),
            ("/ocs/v1.php/cloud", "ocs"),
            ("/", NO_DIALECT),
        ] {
            assert_eq!(dialects.of(path), dialect, "{path}");
        }
    }
}
