//! Query strings.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

use super::error::ApiError;
use crate::domain::pagination::{PageRequest, PageSizes};

/// The parameters of a query string, decoded, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of a request. Bytes that are no UTF-8 become replacement characters.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self(form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect())
    }

    /// The last value of a parameter.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The page asked for.
    #[must_use]
    pub fn page(&self, sizes: PageSizes) -> PageRequest {
        PageRequest::parse(self.last("page"), self.last("page_size"), sizes)
    }

    /// All parameters by name, those of one name in their order.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        sorted.sort_by_key(|(key, _)| *key);
        sorted
    }
}

/// A middleware that answers a query string of more than `limit` bytes with 414.
///
/// # Errors
/// None: a refusal is a response.
pub async fn limited(
    limit: usize,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    if request.query_string().len() > limit {
        return Ok(request.error_response(ApiError::QueryTooLong));
    }
    next.call(request).await
}
