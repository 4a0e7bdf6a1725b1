//! What happens to every request of the public listener before a service sees it, and to every response after.

use std::{borrow::Cow, cell::OnceCell, rc::Rc, sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ResourceMap, ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
    middleware::Next,
};
use tracing::{Instrument, Level};

use crate::{
    deadline::{self, Deadline},
    metrics::requests::{self, Dialects},
    request_id::{self, RequestId},
    security_headers::SecurityHeaders,
    shutdown::Shutdown,
    telemetry::{self, SecretPaths, close_root_span, open_root_span},
};

/// What holds for every request.
pub(crate) struct Policies {
    pub(crate) security: SecurityHeaders,
    pub(crate) deadline: Deadline,
    pub(crate) dialects: Dialects,
    pub(crate) secret_paths: SecretPaths,
    pub(crate) shutdown: Shutdown,
}

/// The policies, as a worker holds them.
#[derive(Clone)]
pub(crate) struct Edge {
    policies: Arc<Policies>,
    routes: Rc<Routes>,
}

/// The resources of a worker, for requests that an inner layer has dropped: once a request is routed, its route is known and
/// costs nothing, while matching its path again takes microseconds.
#[derive(Default)]
struct Routes(OnceCell<ResourceMap>);

impl Routes {
    fn learn(&self, request: &ServiceRequest) {
        self.0.get_or_init(|| request.resource_map().clone());
    }
    fn find(&self, path: &str) -> Option<String> {
        self.0.get()?.match_pattern(path)
    }
}

impl Edge {
    /// For one worker.
    pub(crate) fn new(policies: Arc<Policies>) -> Self {
        Self { policies, routes: Rc::default() }
    }

    /// The one middleware, since each costs every request a few allocations: names the request, opens its span, measures it and
    /// completes the response's headers. Further in are the deadline and, innermost, what catches panics.
    pub(crate) async fn serve<B: MessageBody + 'static>(
        self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        let began = Instant::now();
        let Self { policies, routes } = self;
        let id = RequestId::accept(request.headers());
        request.extensions_mut().insert(id.clone());
        let method = requests::method(request.method());
        let path = request.path().to_owned();
        routes.learn(&request);
        let dialect = policies.dialects.of(&path);
        let shown = policies.secret_paths.shown(&path);
        let span = open_root_span(&request, &id, method, dialect, &shown);
        let _in_flight = requests::InFlight::enter();
        let served = deadline::enforce(policies.deadline, &policies.shutdown, request, next);
        let mut outcome = served.instrument(span.clone()).await;
        let (status, route) = match &outcome {
            Ok(response) => (response.status(), response.request().match_pattern()),
            Err(error) => (error.as_response_error().status_code(), routes.find(&path)),
        };
        let route = route.map_or(Cow::Borrowed(requests::UNMATCHED), Cow::Owned);
        let took = began.elapsed();
        requests::record(requests::Request { method, route: &route, dialect, status }, took);
        // Of the span nobody sees more but its own line and an exporter.
        if tracing::enabled!(Level::DEBUG) || telemetry::exports() {
            close_root_span(&span, method, &route, status.as_u16());
            let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            span.in_scope(|| tracing::debug!(duration_ms, "{method} {route} {}", status.as_u16()));
        }
        let security = policies.security;
        match &mut outcome {
            Ok(response) => complete(response.headers_mut(), &id, security),
            // Of the inner layers, which no longer have the request: too slow, or a panic.
            Err(error) => error.add_response_mapper(move |mut response| {
                complete(response.headers_mut(), &id, security);
                response
            }),
        }
        outcome
    }
}

fn complete(headers: &mut HeaderMap, id: &RequestId, security: SecurityHeaders) {
    if let Some(value) = id.header_value() {
        headers.insert(request_id::HEADER, value);
    }
    security.add_to(headers);
}
