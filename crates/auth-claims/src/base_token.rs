//! Base-Tokens, as a data plane verifies them without calling back. `contracts/seatable-tokens.md` §3.1, §13.
//!
//! ```
//! use auth_claims::base_token::{Access, BaseTokenRefusal, BaseTokenVerifier};
//! use auth_claims::clock::Clock;
//!
//! // A secret that the data plane shares with the issuer; `BaseTokenVerifier::key_set` takes published keys instead.
//! let verifier = BaseTokenVerifier::shared(b"the same text as bases.tokens.base_key", Clock::system());
//!
//! // GET /api/v1/dtables/{dtable_uuid}/rows/
//! fn answer(verifier: &BaseTokenVerifier, authorization: Option<&str>, dtable_uuid: &str) -> (u16, String) {
//!     match verifier.verify(authorization, dtable_uuid, Access::Read) {
//!         Ok(access) => (200, format!(r#"{{"read by":"{}"}}"#, access.attribution())),
//!         Err(refusal) => (refusal.status(), refusal.body().to_owned()),
//!     }
//! }
//! let refused = answer(&verifier, Some("Token none"), "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613");
//! assert_eq!(refused, (403, r#"{"error_msg":"Permission denied."}"#.to_owned()));
//! assert_eq!(BaseTokenRefusal::Expired.body(), r#"{"error_msg":"Token expired."}"#);
//! ```

mod claims;
mod refusal;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use self::claims::{BaseClaims, BasePermission};
pub use self::refusal::BaseTokenRefusal;
use crate::SourceError;
use crate::clock::Clock;
use crate::hs256::Hs256Key;
use crate::jws::Compact;
use crate::keys::{JwkSet, VerifyingKey};

/// What a request wants to do with a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Look at it.
    Read,
    /// Change it.
    Write,
}

/// Access to one base, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseAccess {
    /// The base, as the token writes it.
    pub dtable_uuid: String,
    /// What the token permits.
    pub permission: BasePermission,
    /// The account it was issued for; empty when it came from an API-Token or a link.
    pub username: String,
    /// The name of the API-Token it came from; empty when it came from none.
    pub app_name: String,
}

impl BaseAccess {
    /// Who is said to have made a change. §13, 6.
    #[must_use]
    pub fn attribution(&self) -> &str {
        if self.username.is_empty() { &self.app_name } else { &self.username }
    }
}

/// Verifies Base-Tokens. Cheap to clone.
#[derive(Clone)]
pub struct BaseTokenVerifier {
    keys: Keys,
    clock: Clock,
}

#[derive(Clone)]
enum Keys {
    Shared(Hs256Key),
    Published(Arc<BTreeMap<String, VerifyingKey>>),
}

impl BaseTokenVerifier {
    /// With the secret that signs them: HS256 and nothing else.
    #[must_use]
    pub fn shared(base_key: &[u8], clock: Clock) -> Self {
        Self { keys: Keys::Shared(Hs256Key::new(base_key)), clock }
    }

    /// With the keys of `/api/v2.1/dtable/jwks.json`, each by its own algorithm and nothing else. Make a new one when the
    /// set has changed; a token of an unknown key is refused like any other.
    ///
    /// # Errors
    /// When one of the keys is none.
    pub fn key_set(published: &JwkSet, clock: Clock) -> Result<Self, SourceError> {
        let keys = published.keys.iter().map(|jwk| Ok((jwk.kid.clone(), VerifyingKey::parse(jwk)?)));
        let keys = keys.collect::<Result<BTreeMap<_, _>, SourceError>>()?;
        Ok(Self { keys: Keys::Published(Arc::new(keys)), clock })
    }

    /// Checks the `Authorization` header of a request against the base that its path names. §13.
    ///
    /// # Errors
    /// The first that applies: [`BaseTokenRefusal::Denied`] for the header and the signature, `Expired`, `Denied` for
    /// another base, `ReadOnly`.
    pub fn verify(
        &self,
        authorization: Option<&str>,
        dtable_uuid_of_path: &str,
        access: Access,
    ) -> Result<BaseAccess, BaseTokenRefusal> {
        let token = authorization.and_then(token).ok_or(BaseTokenRefusal::Denied)?;
        let claims = self.open(token).ok_or(BaseTokenRefusal::Denied)?;
        if claims.exp.0 <= self.now() {
            return Err(BaseTokenRefusal::Expired);
        }
        let base = number(&claims.dtable_uuid).ok_or(BaseTokenRefusal::Denied)?;
        if number(dtable_uuid_of_path) != Some(base) {
            return Err(BaseTokenRefusal::Denied);
        }
        if access == Access::Write && claims.permission != BasePermission::Write {
            return Err(BaseTokenRefusal::ReadOnly);
        }
        let claims::Received { dtable_uuid, username, permission, app_name, .. } = claims;
        Ok(BaseAccess { dtable_uuid, permission, username, app_name })
    }

    /// The claims of a token with a good signature.
    fn open(&self, token: &str) -> Option<claims::Received> {
        match &self.keys {
            Keys::Shared(key) => key.open(token),
            Keys::Published(keys) => {
                let compact = Compact::parse(token)?;
                let key = keys.get(compact.kid.as_deref()?)?;
                let signature = compact.signed_by(key.algorithm().as_str())?;
                if key.verifies(compact.signed.as_bytes(), &signature) { compact.claims() } else { None }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "exact for the next hundred million years")]
    fn now(&self) -> f64 {
        self.clock.unix() as f64
    }
}

impl fmt::Debug for BaseTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = match &self.keys {
            Keys::Shared(_) => vec!["shared"],
            Keys::Published(keys) => keys.keys().map(String::as_str).collect(),
        };
        f.debug_struct("BaseTokenVerifier").field("keys", &keys).finish_non_exhaustive()
    }
}

/// The token of a header of exactly two words, the first of them `Token` or `Bearer` in any case. §13, 1.
fn token(authorization: &str) -> Option<&str> {
    let mut words = authorization.split_whitespace();
    let (scheme, token) = (words.next()?, words.next()?);
    let known = ["token", "bearer"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
    if known && words.next().is_none() { Some(token) } else { None }
}

/// The number that a UUID stands for, with its hyphens or without, in any case. §13, 4.
fn number(uuid: &str) -> Option<u128> {
    let digits = uuid.replace('-', "");
    let hexadecimal = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal { u128::from_str_radix(&digits, 16).ok() } else { None }
}
