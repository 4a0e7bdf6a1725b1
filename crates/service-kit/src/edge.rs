//! What happens to every request of the public listener before a service sees it, and to every response after.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
    middleware::Next,
    web,
};
use tracing::{Instrument, Span};

use crate::{
    metrics::requests,
    request_id::{self, RequestId},
    security_headers::SecurityHeaders,
    telemetry::root_span,
};

/// Outermost of the middleware: names the request, opens its span, measures it and completes the response's headers.
pub(crate) async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = RequestId::accept(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = requests::method(request.method());
    let route = request.match_pattern().unwrap_or_else(|| requests::UNMATCHED.to_owned());
    let security = request.app_data::<web::Data<SecurityHeaders>>().map(|headers| ***headers);
    let span = root_span(&request, &id, method, &route);
    let mut outcome = next.call(request).instrument(span.clone()).await;
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    requests::record(method, &route, status, began);
    conclude(&span, status.as_u16());
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

/// OpenTelemetry, "HTTP spans": a server's span failed if the server did, and the type of the error is the status.
fn conclude(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("error.type", tracing::field::display(status));
        span.record("otel.status_code", "ERROR");
    }
}
