//! Public keys: RFC 7517 documents of them, and the cache a verifier looks them up in.
//!
//! To add an algorithm, give [`Algorithm`] a variant, [`PublicKey`] its parameters, and `parsed.rs` the way to verify.

mod cache;
mod parsed;

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::cache::{KeyCache, KeyCacheSettings, KeyLookup};
pub use self::parsed::VerifyingKey;
pub use crate::source::SourceError;

/// A signature algorithm the platform signs with. There is nothing symmetric and no `none` to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4), the default.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), 2048 bits and more.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that names no supported algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm is none of ES256, EdDSA, RS256")]
pub struct UnsupportedAlgorithm;

impl FromStr for Algorithm {
    type Err = UnsupportedAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(UnsupportedAlgorithm)
    }
}

/// A public key with its id. Its kind decides the one algorithm it may be used with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// The key's id.
    pub kid: String,
    /// The key itself.
    pub key: PublicKey,
}

/// The members of a public key, as big-endian octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point on P-256.
    P256 {
        /// First coordinate.
        x: [u8; 32],
        /// Second coordinate.
        y: [u8; 32],
    },
    /// An Ed25519 public key.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
    /// An RSA public key.
    Rsa {
        /// The modulus, without leading zeros.
        n: Vec<u8>,
        /// The exponent, without leading zeros.
        e: Vec<u8>,
    },
}

impl Jwk {
    /// Names a key by its own thumbprint.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        Self { kid: key.thumbprint(), key }
    }

    /// The one algorithm this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }
}

impl PublicKey {
    /// The one algorithm this kind of key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// The base64url SHA-256 thumbprint.
    // RFC 7638 §3.2, RFC 8037 §2: the required members only, in lexicographic order, without white space.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
            }
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x)),
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        };
        encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    }
}

fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// The JSON form of a key. Private members have no place here, so they are neither read nor written.
#[derive(Serialize, Deserialize)]
struct JwkMembers {
    kty: String,
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    alg: Algorithm,
    kid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

impl JwkMembers {
    fn public_key(&self) -> Option<PublicKey> {
        match (self.kty.as_str(), self.crv.as_deref(), self.alg) {
            ("EC", Some("P-256"), Algorithm::Es256) => {
                Some(PublicKey::P256 { x: fixed(self.x.as_deref())?, y: fixed(self.y.as_deref())? })
            }
            ("OKP", Some("Ed25519"), Algorithm::EdDsa) => {
                Some(PublicKey::Ed25519 { x: fixed(self.x.as_deref())? })
            }
            ("RSA", None, Algorithm::Rs256) => {
                Some(PublicKey::Rsa { n: octets(self.n.as_deref())?, e: octets(self.e.as_deref())? })
            }
            _ => None,
        }
    }
}

fn octets(text: Option<&str>) -> Option<Vec<u8>> {
    // RFC 7518 §6.3.1.1 forbids leading zeros; writers that keep a sign octet exist, so they are dropped here.
    let octets = URL_SAFE_NO_PAD.decode(text?).ok()?;
    let significant = octets.iter().position(|&octet| octet != 0)?;
    octets.get(significant..).map(<[u8]>::to_vec)
}

fn fixed(text: Option<&str>) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text?).ok()?.try_into().ok()
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kty, crv, [x, y, n, e]) = match &self.key {
            PublicKey::P256 { x, y } => ("EC", Some("P-256"), [Some(encode(x)), Some(encode(y)), None, None]),
            PublicKey::Ed25519 { x } => ("OKP", Some("Ed25519"), [Some(encode(x)), None, None, None]),
            PublicKey::Rsa { n, e } => ("RSA", None, [None, None, Some(encode(n)), Some(encode(e))]),
        };
        JwkMembers {
            kty: kty.to_owned(),
            usage: Some("sig".to_owned()),
            alg: self.algorithm(),
            kid: self.kid.clone(),
            crv: crv.map(str::to_owned),
            x,
            y,
            n,
            e,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = JwkMembers::deserialize(deserializer)?;
        if members.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(de::Error::custom("the key is not for signatures"));
        }
        let key = members.public_key().ok_or_else(|| de::Error::custom("the key is of no supported form"))?;
        Ok(Self { kid: members.kid, key })
    }
}

/// A published set of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl<'de> Deserialize<'de> for JwkSet {
    // RFC 7517 §5: keys of kinds, curves or uses that are not understood are passed over.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            keys: Vec<serde_json::Value>,
        }
        let members = Members::deserialize(deserializer)?;
        Ok(Self {
            keys: members.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect(),
        })
    }
}

/// Where the published keys come from.
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the current set. Expected to give up by itself after a bounded time.
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>>;
}
