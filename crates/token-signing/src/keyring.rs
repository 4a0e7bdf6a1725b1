//! The keys at work: what is published now, and the one that signs now.

use auth_claims::claims::AccessClaims;
use auth_claims::keys::{Jwk, JwkSet};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sealer::Sealer;
use crate::signer::Signer;
use crate::stored::{KeyState, StoredKey, purpose};

/// Octets that most tokens' claims fit in.
const USUAL_CLAIMS: usize = 768;

/// What is signed, as the header's `typ` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// An access token (RFC 9068 §2.1).
    AccessToken,
    /// An id token (`OpenID` Connect Core §2); no verifier of access tokens takes it.
    IdToken,
}

impl TokenType {
    const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
        }
    }
}

/// Why keys cannot be used, or nothing can be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The private half does not open: damaged, or sealed under another master key.
    #[error("the signing key {0} does not open under this master key")]
    Sealed(String),
    /// The private half is none of its algorithm, or not the one the row names.
    #[error("the signing key {0} is not what its row says")]
    Mismatch(String),
    /// No key is active.
    #[error("no signing key is active")]
    NoActiveKey,
    /// The claims could not be written as JSON, or the library failed.
    #[error("the token could not be signed")]
    Signing,
}

/// Keys parsed once, ready to publish and to sign. Replace it as a whole when the stored keys change: at start and at
/// least twice per `publish_lead`, so that every replica knows the next key before that signs.
#[derive(Debug)]
pub struct Keyring(Vec<Key>);

struct Key {
    row: StoredKey,
    public: Jwk,
    signer: Signer,
    access_header: String,
    id_header: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.row.kid).finish()
    }
}

impl Keyring {
    /// Opens every key that is not dead.
    ///
    /// # Errors
    /// When one does not open, or is not what its row says. Whoever can write rows could otherwise have a key of
    /// their own published.
    pub fn from_stored(
        rows: &[StoredKey],
        sealer: &Sealer,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyringError> {
        let mut keys = rows
            .iter()
            .filter(|row| row.state(now) != KeyState::Dead)
            .map(|row| Key::open(row, sealer))
            .collect::<Result<Vec<_>, _>>()?;
        keys.sort_by(|a, b| a.row.precedence().cmp(&b.row.precedence()));
        Ok(Self(keys))
    }

    /// The key set to publish at `now`.
    #[must_use]
    pub fn jwks(&self, now: DateTime<Utc>) -> JwkSet {
        JwkSet { keys: self.alive(now).map(|key| key.public.clone()).collect() }
    }

    /// Whether a key of this id is published at `now`.
    #[must_use]
    pub fn publishes(&self, kid: &str, now: DateTime<Utc>) -> bool {
        self.alive(now).any(|key| key.row.kid == kid)
    }

    /// Whether this is, letter by letter, the encoded header of the access tokens of a key that is published at `now`.
    #[must_use]
    pub fn heads(&self, header: &str, now: DateTime<Utc>) -> bool {
        self.alive(now).any(|key| key.access_header == header)
    }

    /// The public half of the key that signs at `now`.
    #[must_use]
    pub fn active(&self, now: DateTime<Utc>) -> Option<&Jwk> {
        self.signing(now).map(|key| &key.public)
    }

    /// Signs an access token.
    ///
    /// # Errors
    /// When no key is active at `now`, or the library fails.
    pub fn sign(&self, claims: &AccessClaims, now: DateTime<Utc>) -> Result<String, KeyringError> {
        self.sign_as(TokenType::AccessToken, claims, now)
    }

    /// Signs any claims as a token of this type.
    ///
    /// # Errors
    /// When no key is active at `now`, the claims are no JSON, or the library fails.
    pub fn sign_as<T: Serialize>(
        &self,
        token: TokenType,
        claims: &T,
        now: DateTime<Utc>,
    ) -> Result<String, KeyringError> {
        let key = self.signing(now).ok_or(KeyringError::NoActiveKey)?;
        let mut payload = Vec::with_capacity(USUAL_CLAIMS);
        serde_json::to_writer(&mut payload, claims).map_err(|_| KeyringError::Signing)?;
        let header = key.header(token);
        let encoded = |octets: usize| (octets * 4).div_ceil(3);
        // To the letter: what is secret is kept in strings without room, and would be copied into one.
        let length = header.len() + encoded(payload.len()) + encoded(key.signer.signature_len()) + 2;
        let mut compact = String::with_capacity(length);
        compact.push_str(header);
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut compact);
        let signature = key.signer.sign(compact.as_bytes()).map_err(|_| KeyringError::Signing)?;
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut compact);
        Ok(compact)
    }

    fn alive(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.row.state(now) != KeyState::Dead)
    }

    fn signing(&self, now: DateTime<Utc>) -> Option<&Key> {
        self.0.iter().rev().find(|key| key.row.state(now) == KeyState::Active)
    }
}

impl Key {
    fn open(row: &StoredKey, sealer: &Sealer) -> Result<Self, KeyringError> {
        let pkcs8 = sealer
            .open(&row.sealed_private, &purpose(&row.kid))
            .map_err(|_| KeyringError::Sealed(row.kid.clone()))?;
        let mismatch = || KeyringError::Mismatch(row.kid.clone());
        let signer = Signer::parse(row.algorithm, &pkcs8).map_err(|_| mismatch())?;
        let public = signer.public().map_err(|_| mismatch())?;
        if public.kid != row.kid || public != row.public {
            return Err(mismatch());
        }
        let header = |token: TokenType| {
            let members = serde_json::json!({ "typ": token.typ(), "alg": row.algorithm, "kid": row.kid });
            URL_SAFE_NO_PAD.encode(members.to_string())
        };
        let (access_header, id_header) = (header(TokenType::AccessToken), header(TokenType::IdToken));
        Ok(Self { row: row.clone(), public, signer, access_header, id_header })
    }

    fn header(&self, token: TokenType) -> &str {
        match token {
            TokenType::AccessToken => &self.access_header,
            TokenType::IdToken => &self.id_header,
        }
    }
}
