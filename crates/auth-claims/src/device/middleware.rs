//! Reads bodies for the parameters in them, before anybody asks who calls.

use std::rc::Rc;

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage as _};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, Ready, ready};

use super::body::{Form, Read};
use super::places::{self, InBody};
use crate::caller::{Rejection, bearer_token};

/// Makes [`triple`](super::triple) find values in bodies. To be wrapped around the routes of a dialect.
///
/// A body is read only when a value may be missing without it: when not all three are in headers of their own. It must
/// be JSON or a URL-encoded form of at most 64 KiB, without a content encoding; multipart bodies are not searched. The
/// handler gets the payload unchanged, byte for byte: of a longer one what was read, and the rest as it comes.
#[must_use]
pub const fn body_parameters() -> BodyParameters {
    BodyParameters { after_bearer: false }
}

/// The middleware of [`body_parameters`].
#[derive(Debug, Clone, Copy)]
pub struct BodyParameters {
    after_bearer: bool,
}

impl BodyParameters {
    /// For dialects that look at a Bearer token first ([`credential_after_bearer`](super::credential_after_bearer)): the
    /// body of a request with one is not read.
    #[must_use]
    pub const fn after_bearer(self) -> Self {
        Self { after_bearer: true }
    }

    /// How to read the body of a request, if it has to be read.
    fn form(self, request: &ServiceRequest, payload: &Payload) -> Option<Form> {
        if matches!(payload, Payload::None) {
            return None;
        }
        let form = Form::of(request.headers())?;
        if self.after_bearer {
            match bearer_token(request.request()) {
                Ok(token) if places::may_hold_values(token) => {}
                Err(Rejection::Missing) => {}
                _ => return None,
            }
        }
        (!places::in_headers(request.headers()).iter().all(Option::is_some)).then_some(form)
    }
}

impl<S, B> Transform<S, ServiceRequest> for BodyParameters
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = BodyParametersService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(BodyParametersService { service: Rc::new(service), parameters: *self }))
    }
}

/// A service behind [`body_parameters`].
#[derive(Debug)]
pub struct BodyParametersService<S> {
    service: Rc<S>,
    parameters: BodyParameters,
}

impl<S, B> Service<ServiceRequest> for BodyParametersService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Either<S::Future, LocalBoxFuture<'static, Result<ServiceResponse<B>, Error>>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let payload = request.take_payload();
        let Some(form) = self.parameters.form(&request, &payload) else {
            request.set_payload(payload);
            return Either::Left(self.service.call(request));
        };
        let service = Rc::clone(&self.service);
        Either::Right(
            async move {
                let read = Read::from(payload).await;
                if let Some(body) = read.whole() {
                    request.extensions_mut().insert(InBody(form.values(body)));
                }
                request.set_payload(read.into_payload());
                service.call(request).await
            }
            .boxed_local(),
        )
    }
}
