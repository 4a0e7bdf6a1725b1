//! No request holds its connection for ever.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{StatusCode, header::ContentType},
    middleware::Next,
    web::{self, Bytes},
};
use futures_util::Stream;

/// How long a request may take until its response begins, its body included: `server.request_timeout`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Duration);

/// Who was too slow.
#[derive(Debug, thiserror::Error)]
enum TooSlow {
    /// The body was still coming. RFC 9110 §15.5.9: 408, and the connection is closed, since nobody will read the rest.
    #[error("request timeout")]
    Client,
    /// The body was there, the answer was not. The client may try again.
    #[error("service unavailable")]
    Service,
}

impl ResponseError for TooSlow {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Client => StatusCode::REQUEST_TIMEOUT,
            Self::Service => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if matches!(self, Self::Client) {
            response.force_close();
        }
        response.content_type(ContentType::plaintext()).body(format!("{self}\n"))
    }
}

/// Drops the handler once the time is up.
pub(crate) async fn enforce(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(Deadline(limit)) = request.app_data::<web::Data<Deadline>>().map(|deadline| ***deadline) else {
        return next.call(request).await;
    };
    let complete = watch_body(&mut request);
    let served = tokio::time::timeout(limit, next.call(request)).await;
    served.unwrap_or_else(|_| {
        let slow = if complete.get() { TooSlow::Service } else { TooSlow::Client };
        tracing::warn!(error.r#type = %slow, "request dropped after {limit:?}");
        Err(slow.into())
    })
}

/// Puts a watch on the request's body, if it has one: the cell tells whether it is complete.
fn watch_body(request: &mut ServiceRequest) -> Rc<Cell<bool>> {
    let payload = request.take_payload();
    let complete = Rc::new(Cell::new(matches!(payload, Payload::None)));
    let payload = match payload {
        Payload::None => Payload::None,
        payload => {
            let complete = Rc::clone(&complete);
            let watched: BoxedPayloadStream = Box::pin(Watched { payload, complete });
            Payload::Stream { payload: watched }
        }
    };
    request.set_payload(payload);
    complete
}

type BoxedPayloadStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

struct Watched {
    payload: Payload,
    complete: Rc<Cell<bool>>,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.payload).poll_next(context);
        if matches!(next, Poll::Ready(None)) {
            self.complete.set(true);
        }
        next
    }
}
