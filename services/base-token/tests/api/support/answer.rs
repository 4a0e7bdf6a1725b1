//! What came back.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use test_kit::logs;

/// A whole response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Sends a request.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        logs::note_request(&request);
        Self::read(request.send().await.unwrap()).await
    }

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

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts a whole body.
    #[track_caller]
    pub(crate) fn expect_json(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.json()), (status, body), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
    }

    /// Asserts a refusal: an object of one member, `detail` or `error_msg`. §2.3.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, key: &str, text: &str) {
        self.expect_json(status, &json!({ key: text }));
        assert_eq!(self.header("www-authenticate"), "", "{self:?}");
    }

    /// Asserts a refusal by the application.
    #[track_caller]
    pub(crate) fn expect_msg(&self, status: u16, text: &str) {
        self.expect_error(status, "error_msg", text);
    }

    /// Asserts a refusal by the framework.
    #[track_caller]
    pub(crate) fn expect_detail(&self, status: u16, text: &str) {
        self.expect_error(status, "detail", text);
    }

    /// §9: all refusals of permission are this one.
    #[track_caller]
    pub(crate) fn expect_forbidden(&self) {
        self.expect_msg(403, "Permission denied.");
    }

    /// `{"success":true}`
    #[track_caller]
    pub(crate) fn expect_success(&self, status: u16) {
        self.expect_json(status, &json!({ "success": true }));
    }
}
