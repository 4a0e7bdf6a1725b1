//! Query strings.

use actix_web::HttpRequest;

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
