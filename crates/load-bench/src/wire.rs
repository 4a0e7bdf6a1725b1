//! Requests as they go over the wire.

use std::net::SocketAddr;

use serde_json::Value;

/// Writes requests to one server.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    host: String,
}

impl Http {
    /// For the server at this address.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { host: address.to_string() }
    }

    /// A request without a body.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        self.head("GET", path, headers, "").into_bytes()
    }

    /// A request with a form.
    pub(crate) fn post_form(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Vec<u8> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.post(path, headers, "application/x-www-form-urlencoded", &body)
    }

    /// A request with a JSON document.
    pub(crate) fn post_json(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Vec<u8> {
        self.post(path, headers, "application/json", &body.to_string())
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], content_type: &str, body: &str) -> Vec<u8> {
        let about = format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
        let mut request = self.head("POST", path, headers, &about);
        request.push_str(body);
        request.into_bytes()
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)], about: &str) -> String {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n", self.host);
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.extend([about, "\r\n"]);
        request
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(request: Vec<u8>) -> String {
        String::from_utf8(request).unwrap()
    }

    #[test]
    fn requests_are_whole() {
        let http = Http::new(SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(
            text(http.get("/a", &[("X", "y")])),
            "GET /a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nX: y\r\n\r\n"
        );
        assert!(text(http.post_form("/a", &[], &[("a", "b c"), ("d", "&")])).ends_with(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\na=b+c&d=%26"
        ));
        assert!(
            text(http.post_json("/a", &[], &json!({ "a": 1 })))
                .ends_with("Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
        );
    }
}
