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

    /// `meta.statuscode`, in either format.
    #[track_caller]
    pub(crate) fn code(&self) -> i64 {
        if self.body.starts_with('<') {
            return self.element("statuscode").parse().unwrap();
        }
        self.json()["ocs"]["meta"]["statuscode"].as_i64().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// `meta.message`, in either format.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        if self.body.starts_with('<') {
            return self.element("message").replace("&quot;", "\"").replace("&amp;", "&");
        }
        self.json()["ocs"]["meta"]["message"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// The text of the first element of this name in an XML answer.
    #[track_caller]
    pub(crate) fn element(&self, name: &str) -> String {
        let found = self
            .body
            .split_once(&format!("<{name}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned()));
        found.unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// Asserts a success in JSON, on whichever entry point, and gives its data.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let body = self.json();
        let meta = &body["ocs"]["meta"];
        assert_eq!((meta["status"].as_str(), meta["message"].as_str()), (Some("ok"), Some("OK")), "{self:?}");
        assert!([100, 200].contains(&self.code()), "{self:?}");
        body["ocs"]["data"].clone()
    }
}
