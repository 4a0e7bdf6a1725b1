//! A panic in a handler is the answer 500, and nobody else notices.
//!
//! Without this, actix ends the connection's task: the client sees its connection closed without an answer.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header::ContentType},
    middleware::Next,
};
use futures_util::FutureExt;

#[derive(Debug, thiserror::Error)]
#[error("internal error")]
struct Panicked;

impl ResponseError for Panicked {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
    fn error_response(&self) -> HttpResponse {
        // Plain text: which dialect the request was in is not known here.
        HttpResponse::build(self.status_code())
            .content_type(ContentType::plaintext())
            .body("internal error\n")
    }
}

/// The panic itself is logged by the hook of [`crate::telemetry`], within the request's span.
pub(crate) async fn catch<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // What a request shares with others (pools, caches, locks) poisons or restores itself; the rest is dropped here.
    let served = AssertUnwindSafe(async move { next.call(request).await }).catch_unwind();
    served.await.unwrap_or_else(|_| Err(Panicked.into()))
}
