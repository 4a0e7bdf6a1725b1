//! What surrounds every answer: the error body of Spring Boot, and headers. `contracts/auvious-applications.md` §8.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Data;
use actix_web::{Error, Resource};
use auth_claims::clock::Clock;
use auth_claims::device::body_parameters;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::ApiError;
use super::routes::State;

/// The body of every error that is not about authentication or rights.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Error)]
pub struct BootError<'e> {
    /// When, in milliseconds and with an offset.
    #[schema(example = "2026-03-01T09:30:00.123+00:00")]
    timestamp: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// Its reason phrase.
    #[schema(example = "Not Found")]
    error: &'e str,
    /// A sentence.
    #[schema(example = "Application not found")]
    message: String,
    /// The path as it was sent, without the query.
    #[schema(example = "/api/applications/nope")]
    path: &'e str,
}

impl<'e> BootError<'e> {
    fn new(error: &ApiError, status: StatusCode, path: &'e str, now: DateTime<Utc>) -> Self {
        Self {
            timestamp: now.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string(),
            status: status.as_u16(),
            error: status.canonical_reason().unwrap_or_default(),
            message: error.to_string(),
            path,
        }
    }
}

/// Wraps a resource: state for its handlers, parameters of bodies for device sessions, and [`render`].
pub(super) fn around(resource: Resource, state: &State) -> impl HttpServiceFactory + 'static {
    resource
        .app_data(state.app.clone())
        .app_data(state.authenticator.clone())
        .app_data(Data::new(state.app.clock.clone()))
        .wrap(body_parameters().after_bearer())
        .wrap(from_fn(render))
}

async fn render(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let clock = request.app_data::<Data<Clock>>().cloned();
    let response = next.call(request).await?;
    let (request, mut response) = response.into_parts();
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    if let (Some(error), Some(clock)) = (error, clock) {
        let status = response.status();
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let body = BootError::new(error, status, request.uri().path(), clock.now());
            let body = serde_json::to_vec(&body)?;
            response = response.set_body(BoxBody::new(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }
    let headers = response.headers_mut();
    // What one caller sees of an application is not for the next one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(ServiceResponse::new(request, response))
}
