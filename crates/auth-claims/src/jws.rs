//! The header of signed tokens, and the compact form of those whose contract leaves `typ` open (RFC 7515 §7.1). Access
//! tokens are stricter, and have a reader of their own in [`crate::verify`].

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny};

use crate::verify::MAX_TOKEN_LEN;

/// A token whose header was read and whose signature was not checked yet.
pub(crate) struct Compact<'a> {
    /// Header and payload as they were signed.
    pub(crate) signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    alg: String,
    /// The id of the key that is said to have signed.
    pub(crate) kid: Option<String>,
}

/// The header members that matter. serde's derive refuses a repeated one.
#[derive(serde::Deserialize)]
pub(crate) struct Header<'a> {
    #[serde(borrow)]
    pub(crate) alg: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) kid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) typ: Option<Cow<'a, str>>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
}

/// Whether a member is there at all, with whatever value, `null` included.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self(true))
    }
}

impl Header<'_> {
    /// Whether it names extensions we do not know, or brings its own key along.
    pub(crate) fn oversteps(&self) -> bool {
        [&self.crit, &self.jwk, &self.jku, &self.x5u, &self.x5c].iter().any(|member| member.0)
    }

    /// Whether nothing is said of another kind of token.
    fn is_plain(&self) -> bool {
        !self.oversteps() && self.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"))
    }
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > MAX_TOKEN_LEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok().filter(Header::is_plain)?;
        let (alg, kid) = (header.alg.into_owned(), header.kid.map(Cow::into_owned));
        Some(Self { signed, payload, signature, alg, kid })
    }

    /// The signature, if it is said to be by this algorithm.
    pub(crate) fn signed_by(&self, algorithm: &str) -> Option<Vec<u8>> {
        if self.alg == algorithm { URL_SAFE_NO_PAD.decode(self.signature).ok() } else { None }
    }

    /// The payload. To be called once the signature is checked.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.payload).ok()?).ok()
    }
}
