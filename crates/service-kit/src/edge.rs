//! What happens to every request of the public listener before a service sees it, and to every response after.

use std::{borrow::Cow, cell::OnceCell, rc::Rc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ResourceMap, ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
    middleware::Next,
    web,
};
use tracing::Instrument;

use crate::{
    metrics::requests::{self, Dialects},
    request_id::{self, RequestId},
    security_headers::SecurityHeaders,
    telemetry::{SecretPaths, close_root_span, open_root_span},
};

/// The resources of a worker, for requests that an inner middleware has dropped: once a request is routed, its route is
/// known and costs nothing, while matching its path again takes microseconds.
#[derive(Clone, Default)]
pub(crate) struct Routes(Rc<OnceCell<ResourceMap>>);

impl Routes {
    fn learn(&self, request: &ServiceRequest) {
        self.0.get_or_init(|| request.resource_map().clone());
    }
    fn find(&self, path: &str) -> Option<String> {
        self.0.get()?.match_pattern(path)
    }
}

/// Outermost of the middleware: names the request, opens its span, measures it and completes the response's headers.
pub(crate) async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = RequestId::accept(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = requests::method(request.method());
    let routes = request.app_data::<Routes>().cloned().unwrap_or_default();
    let path = request.path().to_owned();
    routes.learn(&request);
    let security = request.app_data::<web::Data<SecurityHeaders>>().map(|headers| ***headers);
    let dialect = request.app_data::<web::Data<Dialects>>().map_or(requests::NO_DIALECT, |all| all.of(&path));
    let secret = request.app_data::<web::Data<SecretPaths>>().cloned();
    let shown = secret.as_ref().map_or(Cow::Borrowed(path.as_str()), |secret| secret.shown(&path));
    let span = open_root_span(&request, &id, method, dialect, &shown);
    let _in_flight = requests::InFlight::enter();
    let mut outcome = next.call(request).instrument(span.clone()).await;
    let (status, route) = match &outcome {
        Ok(response) => (response.status(), response.request().match_pattern()),
        Err(error) => (error.as_response_error().status_code(), routes.find(&path)),
    };
    let route = route.as_deref().unwrap_or(requests::UNMATCHED);
    requests::record(requests::Request { method, route, dialect, status }, began);
    close_root_span(&span, method, route, status.as_u16());
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        tracing::debug!(duration_ms, "{method} {route} {}", status.as_u16());
    });
    match &mut outcome {
        Ok(response) => complete(response.headers_mut(), &id, security),
        // Of the inner middleware, which no longer has the request: too slow, or a panic.
        Err(error) => error.add_response_mapper(move |mut response| {
            complete(response.headers_mut(), &id, security);
            response
        }),
    }
    outcome
}

fn complete(headers: &mut HeaderMap, id: &RequestId, security: Option<SecurityHeaders>) {
    if let Some(value) = id.header_value() {
        headers.insert(request_id::HEADER, value);
    }
    if let Some(security) = security {
        security.add_to(headers);
    }
}
