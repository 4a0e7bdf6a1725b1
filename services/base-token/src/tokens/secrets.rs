//! What is derived from the master key of this service, and what is kept under it.

use chrono::{DateTime, Utc};
use master_key::{MacKey, MacRoot, MasterKey, SubKeys};
use secrecy::{ExposeSecret as _, SecretString};
use store::Db;
use token_signing::Sealer;
use zeroize::Zeroizing;

use super::TokenError;
use crate::domain::api_token::PlainApiToken;
use crate::store::secrets as rows;

/// Separates these sub-keys from those of other databases under the same master key.
const SALT: &[u8] = b"tessera base-token v1";

/// Octets of a key that is made here; it is written in hexadecimal, so that an operator can copy it.
const KEY_OCTETS: usize = 32;

/// The label of the MACs of API-Tokens.
const API_TOKENS: &[u8] = b"mac api-token";

/// What is sealed to recognise the master key by.
pub(super) const CHECK: &[u8] = b"tessera base-token";

/// A secret that is kept in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Of Base-Tokens.
    BaseKey,
    /// Of temporary API-Tokens.
    TemporaryKey,
    /// A text that only the right master key opens.
    Check,
    /// What MACs are derived from since the master key was replaced.
    MacRoot,
}

impl Secret {
    /// Its name in the database, and part of what it is sealed for.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::BaseKey => "base_key",
            Self::TemporaryKey => "temporary_key",
            Self::Check => "check",
            Self::MacRoot => "mac_root",
        }
    }

    /// What it is sealed for.
    pub(super) fn purpose(self) -> Vec<u8> {
        format!("secret:{}", self.name()).into_bytes()
    }
}

/// The sub-keys of this service. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    api_tokens: MacKey,
    api_token_sealer: Sealer,
    key_sealer: Sealer,
}

/// An API-Token as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptApiToken {
    /// What it is found by.
    pub mac: Vec<u8>,
    /// The token, sealed for this MAC.
    pub sealed: Vec<u8>,
}

impl Secrets {
    /// Derives them. A label is part of the derivation: changing one makes everything of that purpose void.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let keys = SubKeys::new(master, SALT);
        Self {
            api_tokens: keys.mac_key(API_TOKENS),
            api_token_sealer: keys.sealer(b"seal api-token"),
            key_sealer: keys.sealer(b"seal key"),
        }
    }

    /// Those of a database whose master key was replaced: MACs are derived from what they were always derived from.
    pub(super) fn after_replacement(master: &MasterKey, root: &MacRoot) -> Self {
        Self { api_tokens: root.mac_key(API_TOKENS), ..Self::new(master) }
    }

    /// What the MACs of a database are derived from whose master key was never replaced.
    pub(super) fn mac_root(master: &MasterKey) -> MacRoot {
        SubKeys::mac_root(master, SALT)
    }

    /// The sub-keys of this database, if the key is its own; the first start notes which one it is.
    ///
    /// # Errors
    /// [`TokenError::MasterKey`]: with another key every API-Token would be unknown.
    pub async fn open(db: &Db, master: &MasterKey, now: DateTime<Utc>) -> Result<Self, TokenError> {
        let root = db.read(|conn| rows::find(conn, Secret::MacRoot.name())).await?;
        if let Some(root) = root {
            let root = open_root(&Self::new(master), &root)?;
            return Ok(Self::after_replacement(master, &root));
        }
        let secrets = Self::new(master);
        secrets.check(db, now).await?;
        Ok(secrets)
    }

    /// What API-Tokens are sealed with.
    pub(super) fn api_token_sealer(&self) -> &Sealer {
        &self.api_token_sealer
    }

    /// What keys are sealed with.
    #[must_use]
    pub fn key_sealer(&self) -> Sealer {
        self.key_sealer.clone()
    }

    /// What a token is found by.
    #[must_use]
    pub fn mac(&self, token: &PlainApiToken) -> Vec<u8> {
        self.api_tokens.mac(token.expose().as_bytes()).to_vec()
    }

    /// Makes an API-Token, and what is kept of it.
    ///
    /// # Errors
    /// [`TokenError::Random`], [`TokenError::Seal`].
    pub fn make_api_token(&self) -> Result<(PlainApiToken, KeptApiToken), TokenError> {
        let mut octets = Zeroizing::new([0; 20]);
        getrandom::fill(octets.as_mut_slice()).map_err(TokenError::Random)?;
        let token = PlainApiToken::from_random(&octets);
        let mac = self.mac(&token);
        let sealed = self.api_token_sealer.seal(token.expose().as_bytes(), &purpose(&mac))?;
        Ok((token, KeptApiToken { mac, sealed }))
    }

    /// A token in clear, of what is kept of it. Only the one of this row opens: a value that was moved from another row
    /// does not.
    #[must_use]
    pub fn open_api_token(&self, kept: &KeptApiToken) -> Option<PlainApiToken> {
        let octets = self.api_token_sealer.open(&kept.sealed, &purpose(&kept.mac)).ok()?;
        std::str::from_utf8(&octets).ok()?.parse().ok()
    }

    async fn check(&self, db: &Db, now: DateTime<Utc>) -> Result<(), TokenError> {
        self.find_or_keep(db, Secret::Check, Zeroizing::new(CHECK.to_vec()), now).await.map(drop)
    }

    /// A key: the one that is set, or the one of the database, which the first start makes. Of several that start at the
    /// same time one makes it.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn key(
        &self,
        db: &Db,
        secret: Secret,
        set: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Zeroizing<String>, TokenError> {
        if let Some(set) = set {
            return Ok(Zeroizing::new(set.expose_secret().to_owned()));
        }
        let mut octets = Zeroizing::new([0; KEY_OCTETS]);
        getrandom::fill(octets.as_mut_slice()).map_err(TokenError::Random)?;
        let new = Zeroizing::new(hex::encode(octets.as_slice()).into_bytes());
        let kept = self.find_or_keep(db, secret, new, now).await?;
        let text = std::str::from_utf8(&kept).map_err(|_| TokenError::MasterKey(secret.name()))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    async fn find_or_keep(
        &self,
        db: &Db,
        secret: Secret,
        new: Zeroizing<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let (name, aad) = (secret.name(), secret.purpose());
        let sealer = self.key_sealer.clone();
        db.write(move |conn| {
            let kept = match rows::find(conn, name)? {
                Some(kept) => kept,
                None => rows::keep(conn, name, &sealer.seal(&new, &aad)?, now)?,
            };
            sealer.open(&kept, &aad).map_err(|_| TokenError::MasterKey(name))
        })
        .await
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// What MACs are derived from, of what is kept of it.
pub(super) fn open_root(secrets: &Secrets, kept: &[u8]) -> Result<MacRoot, TokenError> {
    let foreign = || TokenError::MasterKey(Secret::MacRoot.name());
    let opened = secrets.key_sealer.open(kept, &Secret::MacRoot.purpose()).map_err(|_| foreign())?;
    MacRoot::from_slice(&opened).ok_or_else(foreign)
}

/// What an API-Token is sealed for.
pub(super) fn purpose(mac: &[u8]) -> Vec<u8> {
    [b"api-token:", mac].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_in_its_own_row_only() {
        let secrets = Secrets::new(&MasterKey::generate().unwrap());
        let (token, kept) = secrets.make_api_token().unwrap();
        let (other, moved) = secrets.make_api_token().unwrap();
        assert_ne!(token, other);
        assert_eq!(secrets.open_api_token(&kept), Some(token.clone()));
        assert_eq!(secrets.mac(&token), kept.mac);
        let swapped = KeptApiToken { mac: kept.mac.clone(), sealed: moved.sealed };
        assert_eq!(secrets.open_api_token(&swapped), None);
        let elsewhere = Secrets::new(&MasterKey::generate().unwrap());
        assert_eq!(elsewhere.open_api_token(&kept), None);
        assert_ne!(elsewhere.mac(&token), kept.mac);
    }
}
