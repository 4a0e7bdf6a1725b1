//! Which parts of a message are secrets.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::form_urlencoded;

use super::Secret;

/// Shorter texts could be found by chance.
pub(super) const SHORTEST: usize = 16;

/// Parameters, members and headers whose values are secrets, without hyphens and underscores.
const NAMES: [&str; 18] = [
    "accesstoken",
    "accounttoken",
    "actortoken",
    "apitoken",
    "apppassword",
    "clientassertion",
    "clientsecret",
    "currentpassword",
    "newpassword",
    "otpsecret",
    "password",
    "passwordconfirmation",
    "refreshtoken",
    "secret",
    "subjecttoken",
    "token",
    "userpassword",
    "xagentauthsignature",
];

/// The secrets of a message, in each dress that they could be written in.
#[derive(Default)]
pub(super) struct Found(pub(super) Vec<Secret>);

impl Found {
    pub(super) fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            let Ok(value) = value.to_str() else { continue };
            if name == "authorization" {
                let (scheme, credentials) = value.split_once(' ').unwrap_or(("", value));
                self.secret(&format!("{scheme} credentials"), credentials);
            } else {
                self.named(name.as_str(), value);
            }
        }
    }

    pub(super) fn body(&mut self, body: &[u8]) {
        match serde_json::from_slice(body) {
            Ok(json) => self.json(&json),
            Err(_) => self.form(body),
        }
    }

    pub(super) fn form(&mut self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            self.named(&name, &value);
        }
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if let Value::String(text) = value {
                        self.named(name, text);
                    }
                    self.json(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.json(item)),
            _ => {}
        }
    }

    fn named(&mut self, name: &str, value: &str) {
        let plain = name.replace(['-', '_'], "").to_lowercase();
        if NAMES.contains(&plain.as_str()) {
            self.secret(name, value);
        }
    }

    /// A token or a password, and the password that is encoded in it.
    pub(super) fn secret(&mut self, kind: &str, text: &str) {
        let unpadded = text.trim_end_matches('=');
        let decoded = STANDARD_NO_PAD.decode(unpadded).or_else(|_| URL_SAFE_NO_PAD.decode(unpadded)).ok();
        if let Some(inner) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            match serde_json::from_str::<Value>(&inner) {
                Ok(json) => self.json(&json),
                Err(_) => self.add(kind, inner.split_once(':').map_or("", |(_, password)| password)),
            }
        }
        // Of a JWT the signature is enough: without it the rest is no secret.
        let mut parts = unpadded.rsplit('.');
        let signature = parts.next().filter(|_| parts.count() == 2 && unpadded.starts_with("eyJ"));
        self.add(kind, signature.unwrap_or(unpadded));
    }

    fn add(&mut self, kind: &str, text: &str) {
        if text.len() < SHORTEST || is_word(text) {
            return;
        }
        let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let path = form.replace('+', "%20");
        let debug = format!("{text:?}");
        let mut dresses = vec![text.to_owned(), form, path, debug[1..debug.len() - 1].to_owned()];
        dresses.sort_unstable();
        dresses.dedup();
        self.0.extend(dresses.into_iter().map(|text| Secret { text, kind: kind.to_owned() }));
    }
}

/// Whether it is a word of a protocol or a piece of SQL, which tests send in a secret's place and elsewhere, too, where it
/// may be logged. No secret of the tests has an apostrophe.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    text.starts_with("urn:") || text.contains('\'') || text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(found: Found) -> Vec<String> {
        found.0.into_iter().map(|secret| secret.text).collect()
    }

    #[test]
    fn secrets_are_found_where_messages_have_them() {
        let signature = "0123456789abcdef0123456789abcdef";
        let mut found = Found::default();
        found.body(format!("scope=a+b+c+d+e+f+g+h+i&client_secret={signature}").as_bytes());
        assert_eq!(texts(found), [signature]);
        let mut found = Found::default();
        found.body(
            format!(r#"{{"a":[{{"refresh_token":"r-{signature}"}}],"scope":"{signature}"}}"#).as_bytes(),
        );
        assert_eq!(texts(found), [format!("r-{signature}")]);
        let mut found = Found::default();
        found.secret("token", &format!("eyJ.body.{signature}"));
        assert_eq!(texts(found), [signature]);
        let mut found = Found::default();
        found.secret("pair", &STANDARD_NO_PAD.encode(format!("ada:{signature}")));
        assert_eq!(texts(found)[0], signature);
        let mut found = Found::default();
        let triple = serde_json::json!({ "access-token": signature, "uid": "ada@example.org" }).to_string();
        found.secret("triple", &URL_SAFE_NO_PAD.encode(triple));
        assert_eq!(texts(found)[0], signature);
    }

    #[test]
    fn words_of_protocols_are_no_secrets() {
        let mut found = Found::default();
        found.form(b"token=urn:tessera:token-type:basic&password=authorization_code&secret=short&token=%27; DROP TABLE clients");
        assert_eq!(texts(found), [""; 0]);
    }

    #[test]
    fn a_secret_is_found_in_any_dress() {
        let mut found = Found::default();
        found.named("password", "correct horse \"battery");
        let dresses = texts(found);
        for dress in ["correct+horse+%22battery", "correct%20horse%20%22battery", "correct horse \\\"battery"]
        {
            assert!(dresses.iter().any(|text| text == dress), "{dress}: {dresses:?}");
        }
    }
}
