//! What came back.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::Session;

const UNAUTHENTICATED: &str = r#"{"errors":["Vous devez vous connecter ou vous inscrire pour continuer."]}"#;
pub(crate) const FORBIDDEN: &str = "{\"errors\":[{\"base\":\"forbidden\"}],\"error_messages\":[\"Vous n\u{2019}avez \
    pas les droits suffisants pour accéder à cette page ou effectuer cette action\"]}";
pub(crate) const FORBIDDEN_ORGANISATION: &str = "{\"errors\":[{\"base\":\"forbidden\"}],\"error_messages\":[\"Vous \
    n\u{2019}avez pas les droits suffisants pour accéder à cette organisation\"]}";

/// §3.3.
const TOKEN_HEADERS: [&str; 6] = ["access-token", "token-type", "client", "expiry", "uid", "authorization"];
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

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts a whole body, byte by byte.
    #[track_caller]
    pub(crate) fn expect_body(&self, status: u16, body: &str) -> &Self {
        assert_eq!((self.status, self.body.as_str()), (status, body), "{self:?}");
        let expected = if body.is_empty() { "" } else { "application/json; charset=utf-8" };
        assert_eq!(self.header("content-type"), expected, "{self:?}");
        self
    }

    /// §4.4: nobody was recognised, and nothing is told.
    #[track_caller]
    pub(crate) fn expect_unauthenticated(&self) {
        self.expect_body(401, UNAUTHENTICATED).expect_no_session();
        assert_eq!(self.header("www-authenticate"), "");
    }

    /// §12.2, 422: these violations and sentences; no headers of the session (§4.5).
    #[track_caller]
    pub(crate) fn expect_invalid(&self, errors: &Value, messages: &[&str]) {
        assert_eq!(self.status, 422, "{self:?}");
        let expected = json!({ "success": false, "errors": errors, "error_messages": messages });
        assert_eq!(self.json(), expected);
        self.expect_no_session();
    }

    /// §4.5: all six headers, those of this session.
    #[track_caller]
    pub(crate) fn expect_session(&self, session: &Session) {
        let six = TOKEN_HEADERS.map(|name| self.header(name));
        let expected = [
            &session.access_token,
            "Bearer",
            &session.client,
            &session.expiry.to_string(),
            &session.uid,
            &session.authorization(),
        ];
        assert_eq!(six, expected, "{self:?}");
    }

    /// §4.5: none of the six.
    #[track_caller]
    pub(crate) fn expect_no_session(&self) {
        let present: Vec<_> = TOKEN_HEADERS.iter().filter(|name| self.headers.contains_key(**name)).collect();
        assert!(present.is_empty(), "{present:?} {self:?}");
    }

    /// The agents or absences of a list by something of each of them.
    #[track_caller]
    pub(crate) fn listed(&self, key: &str, pointer: &str) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        let items = self.json()[key].as_array().unwrap_or_else(|| panic!("no {key}: {self:?}")).clone();
        items.iter().map(|item| item.pointer(pointer).unwrap_or_else(|| panic!("{item}")).clone()).collect()
    }
}
