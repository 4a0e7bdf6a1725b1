//! What holds on every route: preflight, size of the query, negotiation, response headers. `contracts/meet.md` §2.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};

use super::error::ApiError;
use super::{cors, headers, negotiation};
use crate::app::App;

/// A middleware around a route whose methods are `allow`; `None` around paths that lead nowhere.
///
/// # Errors
/// None: a refusal is a response.
pub async fn conventions(
    allow: Option<&'static str>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let app = request.app_data::<web::Data<App>>().cloned().ok_or(ApiError::Unavailable)?;
    let origin = cors::allowed_origin(request.request(), &app.settings.cors);
    let preflight = cors::is_preflight(request.request());
    // §2.7: a preflight is answered before routing, which is why it gets 200 even where there is nothing.
    let mut response = if preflight {
        request.into_response(HttpResponse::Ok().finish())
    } else if let Some(refusal) = allow.and_then(|_| check(request.request(), &app).err()) {
        request.error_response(refusal)
    } else {
        next.call(request).await?
    };
    headers::add(response.headers_mut(), allow.filter(|_| !preflight));
    if let Some(origin) = origin {
        cors::allow(response.headers_mut(), origin, preflight);
    }
    Ok(response)
}

fn check(request: &HttpRequest, app: &App) -> Result<(), ApiError> {
    if request.query_string().len() > app.settings.limits.query {
        return Err(ApiError::QueryTooLong);
    }
    negotiation::check(request)
}
