//! Tokens under a secret that both sides know: HMAC with SHA-256 (RFC 7518 §3.2), and no other algorithm.
//!
//! Access tokens of the platform are never signed like this. It is for the tokens of contracts that say so, see
//! [`crate::base_token`].

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::jws::Compact;

/// `{"typ":"JWT","alg":"HS256"}`. contracts/seatable-tokens.md §3.1.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// The algorithm's registered name.
const NAME: &str = "HS256";

/// A shared secret, ready to sign and to verify with. Cheap to clone.
#[derive(Clone)]
pub struct Hs256Key(Arc<hmac::Key>);

/// The claims are no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims cannot be written as JSON")]
pub struct NotJson;

impl Hs256Key {
    /// The key of these octets. Whoever takes them from an operator checks that they are long enough.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Signs claims, in the order in which they serialize.
    ///
    /// # Errors
    /// [`NotJson`].
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String, NotJson> {
        let payload = serde_json::to_vec(claims).map_err(|_| NotJson)?;
        let mut compact = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 48);
        compact.push_str(HEADER);
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut compact);
        let tag = hmac::sign(&self.0, compact.as_bytes());
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(tag.as_ref(), &mut compact);
        Ok(compact)
    }

    /// The claims of a token that this key has signed; nothing for any other text. The time is not looked at.
    #[must_use]
    pub fn open<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let compact = Compact::parse(token)?;
        // Threat 6: the key has one algorithm, whatever the header asks for.
        let signature = compact.signed_by(NAME)?;
        hmac::verify(&self.0, compact.signed.as_bytes(), &signature).ok()?;
        compact.claims()
    }
}

impl fmt::Debug for Hs256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hs256Key(..)")
    }
}
