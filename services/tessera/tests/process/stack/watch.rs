//! Secrets that must not be written anywhere, and the search for them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// Shorter texts could be found by chance; the shortest secrets of these tests are the tokens of external links.
const SHORTEST: usize = 20;

/// Everything secret that came up during a test.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<BTreeSet<String>>);

impl Watch {
    /// Remembers a secret.
    #[track_caller]
    pub(crate) fn note(&self, secret: &str) {
        assert!(secret.len() >= SHORTEST, "a secret of {} characters is found by chance", secret.len());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
    }

    /// Remembers a name and its secret, also as HTTP sends them.
    pub(crate) fn note_pair(&self, name: &str, secret: &str) {
        self.note(secret);
        let pair = format!("{name}:{secret}");
        // What stands last may be padded or cut.
        self.note(STANDARD.encode(&pair).trim_end_matches('='));
        self.note(&URL_SAFE_NO_PAD.encode(&pair));
    }

    /// Remembers the tokens and secrets that an answer hands out.
    pub(crate) fn learn(&self, body: &str) {
        let Ok(Value::Object(answer)) = serde_json::from_str(body) else { return };
        for name in ["access_token", "refresh_token", "client_secret", "api_token"] {
            if let Some(token) = answer.get(name).and_then(Value::as_str) {
                self.note_token(token);
            }
        }
    }

    /// Remembers a token. Of a JWT the signature is enough: without it the rest is no secret.
    pub(crate) fn note_token(&self, token: &str) {
        self.note(token.rsplit('.').next().unwrap_or(token));
    }

    /// A secret that stands in `text`.
    pub(crate) fn find_in(&self, text: &str) -> Option<String> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\'));
        let mut long = words.filter(|word| word.len() >= SHORTEST);
        long.find_map(|word| secrets.iter().find(|secret| word.contains(*secret)).cloned())
    }

    /// Fails when `text` holds a secret or tells of a panic.
    #[track_caller]
    pub(crate) fn inspect(&self, origin: &str, text: &str) {
        if let Some(secret) = self.find_in(text) {
            let line = text.lines().find(|line| line.contains(&secret)).unwrap_or_default();
            panic!("{origin} has written the secret {secret}: {line}");
        }
        let panic = text.lines().find(|line| line.contains("panic: ") || line.contains("panicked at"));
        assert!(panic.is_none(), "{origin} panicked: {}", panic.unwrap_or_default());
    }
}

#[test]
fn a_secret_is_found_in_any_dress() {
    let watch = Watch::default();
    let secret = "0123456789abcdef0123456789abcdef0123456789abcdef";
    watch.note_pair("ada", secret);
    watch.learn(r#"{"access_token":"head.body.signature-signature-signature-signature-signature"}"#);
    let basic = STANDARD.encode(format!("ada:{secret}"));
    for text in [
        format!("x {secret}"),
        format!("{{\"url\":\"/?secret={secret}&x\"}}"),
        format!("authorization: Basic {basic}"),
        "Bearer head.body.signature-signature-signature-signature-signature".to_owned(),
    ] {
        assert!(watch.find_in(&text).is_some(), "{text}");
    }
    assert_eq!(watch.find_in(&format!("{} head.body.", &secret[1..])), None);
}
