//! Requests as clients send them.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use test_kit::logs;

use super::{Answer, Service, password};

pub(crate) const VERSIONS: [&str; 2] = ["v1", "v2"];
pub(crate) const FORMATS: [&str; 2] = ["json", "xml"];

impl Service {
    /// A bare request to a whole path.
    pub(crate) fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request of somebody, or of nobody, to an entry point, in JSON unless `path` says otherwise.
    pub(crate) fn request(&self, version: &str, who: &str, method: &str, path: &str) -> RequestBuilder {
        let path = if path.contains("format=") {
            path.to_owned()
        } else {
            format!("{path}{}format=json", if path.contains('?') { "&" } else { "?" })
        };
        let request =
            self.bare(method, &format!("/ocs/{version}.php{path}")).header("OCS-APIRequest", "true");
        if who.is_empty() { request } else { request.basic_auth(who, Some(password(who))) }
    }

    /// Sends a request of somebody through v2, in JSON.
    pub(crate) async fn send(&self, who: &str, method: &str, path: &str) -> Answer {
        answer(self.request("v2", who, method, path)).await
    }

    /// Sends JSON.
    pub(crate) async fn send_json(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        answer(self.request("v2", who, method, path).json(body)).await
    }

    /// The data of a successful request.
    pub(crate) async fn get(&self, who: &str, path: &str) -> Value {
        self.send(who, "GET", path).await.data()
    }

    /// Sends JSON and asserts that it succeeded with no data.
    pub(crate) async fn done(&self, who: &str, method: &str, path: &str, body: &Value) {
        let found = self.send_json(who, method, path, body).await;
        assert_eq!(found.data(), Value::Array(vec![]), "{who} {method} {path} {body}");
    }

    /// Asserts a refusal on both entry points and in both formats, and its status (§1.2, written down anew).
    pub(crate) async fn refused(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &Value,
        (code, message): (i64, &str),
    ) {
        for version in VERSIONS {
            for format in FORMATS {
                let separator = if path.contains('?') { '&' } else { '?' };
                let path = format!("{path}{separator}format={format}");
                let found = answer(self.request(version, who, method, &path).json(body)).await;
                let status = match (version, code) {
                    (_, 997) => 401,
                    ("v1", _) => 200,
                    (_, 998 | 404) => 404,
                    (_, 996 | 999) => 500,
                    (_, 403) => 403,
                    (_, 429) => 429,
                    _ => 400,
                };
                let shown = (found.status, found.code(), found.message());
                assert_eq!(
                    shown,
                    (status, code, message.to_owned()),
                    "{version} {who} {method} {path} {body} {found:?}"
                );
            }
        }
    }
}

/// Sends a request.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    logs::note_request(&request);
    Answer::read(request.send().await.unwrap()).await
}
