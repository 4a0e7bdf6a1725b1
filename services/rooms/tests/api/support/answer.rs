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

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts an error in the framework's envelope, byte by byte.
    #[track_caller]
    pub(crate) fn expect_detail(&self, status: u16, detail: &str) {
        let body = serde_json::json!({ "detail": detail }).to_string();
        assert_eq!((self.status, self.body.as_str()), (status, body.as_str()), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("www-authenticate"), if status == 401 { "Bearer" } else { "" });
    }

    /// Asserts a whole body, byte by byte.
    #[track_caller]
    pub(crate) fn expect_body(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body), "{self:?}");
    }
}
