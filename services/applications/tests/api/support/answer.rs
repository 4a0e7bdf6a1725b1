//! What came back.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;
use test_kit::logs;

/// A whole response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.unwrap();
        logs::note_answer(&headers, &body);
        Self { status, headers, body }
    }

    /// A header's value; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The id of the object in the body.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    /// The ids of the items of a page.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<String> {
        let page = self.json();
        let items = page["content"].as_array().unwrap_or_else(|| panic!("no page: {self:?}"));
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts an answer without a body.
    #[track_caller]
    pub(crate) fn expect_nothing(&self, status: u16) {
        assert_eq!((self.status, self.body.as_str()), (status, ""), "{self:?}");
    }

    /// Asserts an error in the body of Spring Boot, byte by byte; `path` is the path of the request. §8.
    #[track_caller]
    pub(crate) fn expect_boot(&self, status: u16, reason: &str, message: &str, path: &str) {
        let (message, path) = (Value::from(message), Value::from(path));
        let body = format!(
            r#"{{"timestamp":"2027-01-15T08:00:00.000+00:00","status":{status},"error":"{reason}","message":{message},"path":{path}}}"#
        );
        assert_eq!((self.status, self.body.as_str()), (status, body.as_str()), "{self:?}");
        self.expect_headers();
    }

    /// Asserts an error of OAuth, byte by byte. §3.4.
    #[track_caller]
    pub(crate) fn expect_oauth(&self, status: u16, error: &str, description: &str) {
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        assert_eq!((self.status, self.body.as_str()), (status, body.as_str()), "{self:?}");
        let challenge =
            format!(r#"Bearer realm="oauth2-resource", error="{error}", error_description="{description}""#);
        assert_eq!(self.header("www-authenticate"), if status == 401 { challenge.as_str() } else { "" });
        self.expect_headers();
    }

    #[track_caller]
    pub(crate) fn expect_forbidden(&self) {
        self.expect_oauth(403, "access_denied", "Access is denied");
    }

    /// §8.3.
    #[track_caller]
    pub(crate) fn expect_unknown(&self, path: &str) {
        self.expect_boot(404, "Not Found", "Application not found", path);
    }

    #[track_caller]
    fn expect_headers(&self) {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        assert_eq!((self.header("cache-control"), self.header("pragma")), ("no-store", "no-cache"));
    }
}
