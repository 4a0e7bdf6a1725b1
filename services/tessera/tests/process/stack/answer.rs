//! What came back.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A whole response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Reads a response to its end.
    pub(crate) async fn read(response: Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts a refusal in the words of the Meet dialect.
    #[track_caller]
    pub(crate) fn expect_detail(&self, status: u16, detail: &str) {
        assert_eq!((self.status, self.json()["detail"].as_str()), (status, Some(detail)), "{self:?}");
    }

    /// Asserts a refusal in the words of RFC 6749.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A member of the body that is a text.
    #[track_caller]
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn access_token(&self) -> String {
        self.text_of("access_token")
    }

    #[track_caller]
    pub(crate) fn refresh_token(&self) -> String {
        self.text_of("refresh_token")
    }
}
