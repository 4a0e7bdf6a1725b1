//! No request holds its connection for ever: not by a slow handler, not by a body that trickles in or is never read.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{
        ConnectionType, StatusCode,
        header::{ContentType, RETRY_AFTER},
    },
    middleware::Next,
    web::Bytes,
};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::Instant;

use crate::{panics, shutdown::Shutdown};

/// How long a request may take until its response begins, its body included: `server.request_timeout`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Duration);

/// When the request is dropped.
#[derive(Clone, Copy)]
struct DroppedAt(Instant);

/// How long the handler of this request may still take before `server.request_timeout` drops it; for those that wait on
/// purpose. `None` where nothing drops it.
#[must_use]
pub fn time_left(request: &HttpRequest) -> Option<Duration> {
    let DroppedAt(end) = *request.extensions().get::<DroppedAt>()?;
    Some(end.saturating_duration_since(Instant::now()))
}

/// `Retry-After`, in seconds.
const TRY_AGAIN: &str = "2";

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
        match self {
            Self::Client => response.force_close(),
            Self::Service => response.insert_header((RETRY_AFTER, TRY_AGAIN)),
        };
        response.content_type(ContentType::plaintext()).body(format!("{self}\n"))
    }
}

/// Drops the handler once the time is up, and sees to it that a body which nobody read to its end is not waited for. While
/// the server stops, connections end with the next response.
pub(crate) async fn enforce<B: MessageBody + 'static>(
    deadline: Deadline,
    shutdown: &Shutdown,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let outcome = in_time(deadline, request, next).await;
    if shutdown.is_requested() { closing(outcome) } else { outcome }
}

/// Tells the client not to send another request on this connection: a load balancer that has stopped opening connections to
/// this replica may still hold some, and what is sent on one while the server closes it is lost.
fn closing<B>(mut outcome: Result<ServiceResponse<B>, Error>) -> Result<ServiceResponse<B>, Error> {
    match &mut outcome {
        Ok(response) => response.response_mut().head_mut().set_connection_type(ConnectionType::Close),
        Err(error) => error.add_response_mapper(|mut response| {
            response.head_mut().set_connection_type(ConnectionType::Close);
            response
        }),
    }
    outcome
}

async fn in_time<B: MessageBody + 'static>(
    Deadline(limit): Deadline,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if let Some(end) = Instant::now().checked_add(limit) {
        request.extensions_mut().insert(DroppedAt(end));
    }
    let body = watch(&mut request);
    let mut outcome = tokio::time::timeout(limit, panics::catch(request, next)).await.unwrap_or_else(|_| {
        let slow = if is_complete(body.as_ref()) { TooSlow::Service } else { TooSlow::Client };
        tracing::warn!("error.type" = %slow, "request dropped after {limit:?}");
        Err(slow.into())
    });
    let Some(unread) = unread(body).await else {
        return outcome.map(ServiceResponse::map_into_left_body);
    };
    if let Err(error) = &mut outcome {
        error.add_response_mapper(move |response| {
            let unread = Rc::clone(&unread);
            response.map_body(|_, body| BoxBody::new(Unwaiting { body, _unread: unread }))
        });
        return outcome.map(ServiceResponse::map_into_left_body);
    }
    outcome.map(|response| {
        let response =
            response.map_body(|_, body| BoxBody::new(Unwaiting { body: body.boxed(), _unread: unread }));
        response.map_into_right_body()
    })
}

fn is_complete(body: Option<&Rc<RequestBody>>) -> bool {
    body.is_none_or(|body| body.complete.get())
}

/// The body, if there is more of it to come than has arrived by now. What has arrived is thrown away; a handler that
/// answers at once does so before actix has looked at it.
async fn unread(body: Option<Rc<RequestBody>>) -> Option<Rc<RequestBody>> {
    let body = body.filter(|body| !body.complete.get())?;
    tokio::task::yield_now().await;
    let mut rest = Reader(Rc::clone(&body));
    while let Some(Some(Ok(_))) = rest.next().now_or_never() {}
    Some(body).filter(|body| !body.complete.get())
}

/// The body of a request, held by its reader and by [`enforce`].
struct RequestBody {
    payload: RefCell<Payload>,
    complete: Cell<bool>,
}

type Parts = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// Takes a hold of the request's body, if it has one.
fn watch(request: &mut ServiceRequest) -> Option<Rc<RequestBody>> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let body = Rc::new(RequestBody { payload: RefCell::new(payload), complete: Cell::new(false) });
    let parts: Parts = Box::pin(Reader(Rc::clone(&body)));
    request.set_payload(Payload::Stream { payload: parts });
    Some(body)
}

struct Reader(Rc<RequestBody>);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = Pin::new(&mut *self.0.payload.borrow_mut()).poll_next(context);
        if matches!(part, Poll::Ready(None)) {
            self.0.complete.set(true);
        }
        part
    }
}

/// A response body that keeps the unread request body alive. Once that is dropped, actix reads on to the end of a chunked
/// body, however slowly it comes; while it is alive, the connection is closed behind the response.
struct Unwaiting {
    body: BoxBody,
    _unread: Rc<RequestBody>,
}

impl MessageBody for Unwaiting {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
