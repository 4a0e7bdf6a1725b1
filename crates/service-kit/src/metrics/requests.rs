//! How long requests take, by method, route and status.

use std::{
    cell::RefCell,
    collections::HashMap,
    time::{Duration, Instant},
};

use actix_web::http::{Method, StatusCode};
use metrics::{Histogram, Unit};

const NAME: &str = "tessera_http_request_duration_seconds";
/// The route of a path that no resource has; the paths themselves are without bound.
pub(crate) const UNMATCHED: &str = "unmatched";

pub(super) fn describe() {
    metrics::describe_histogram!(
        NAME,
        Unit::Seconds,
        "Time from a request's head to its response's, by route."
    );
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

type ByRoute = HashMap<Box<str>, Vec<((&'static str, StatusCode), Histogram)>>;

thread_local! {
    /// Handles that this worker has used: looking one up in the recorder costs several allocations.
    static KNOWN: RefCell<ByRoute> = RefCell::default();
}

/// Records one request.
pub(crate) fn record(method: &'static str, route: &str, status: StatusCode, began: Instant) {
    let took: Duration = began.elapsed();
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, handle)) =
            known.get(route).and_then(|all| all.iter().find(|(of, _)| *of == (method, status)))
        {
            handle.record(took);
            return;
        }
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        let handle = metrics::histogram!(NAME, &labels);
        handle.record(took);
        known.entry(route.into()).or_default().push(((method, status), handle));
    });
}
