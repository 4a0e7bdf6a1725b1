//! Sealing of secrets at rest: AES-256-GCM under one key, with a random nonce.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

/// The first octet of everything sealed, so that another format can follow.
const FORMAT: u8 = 1;

/// Seals and opens under one 256-bit key. Cheap to clone.
///
/// What is sealed: one octet for the format, the nonce, the ciphertext, the tag. The associated data names the
/// purpose and the owner (`signing-key:<kid>`), so that a sealed value opens nowhere but in its place.
#[derive(Clone)]
pub struct Sealer(Arc<RandomizedNonceKey>);

/// The secret could not be sealed: the library or the random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be sealed")]
pub struct SealError;

/// What was to be opened is damaged, sealed under another key, or sealed for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed secret does not open under this key and purpose")]
pub struct OpenError;

/// What was sealed could not be sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResealError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opens, and cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Sealer {
    /// A sealer under this key.
    ///
    /// # Panics
    /// Never: AES-256 takes any 32 octets.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        match RandomizedNonceKey::new(&AES_256_GCM, key) {
            Ok(key) => Self(Arc::new(key)),
            Err(_) => unreachable!("AES-256-GCM takes any 32 octets"),
        }
    }

    /// Seals a secret for one purpose.
    ///
    /// # Errors
    /// When the library or the random source fails.
    pub fn seal(&self, secret: &[u8], purpose: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut ciphertext = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        ciphertext.extend_from_slice(secret);
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(purpose), &mut *ciphertext).map_err(|_| SealError)?;
        Ok([[FORMAT].as_slice(), nonce.as_ref(), &ciphertext].concat())
    }

    /// Seals what this sealer has sealed for a purpose anew, for the same purpose, with another one.
    ///
    /// # Errors
    /// [`ResealError`].
    pub fn reseal(&self, sealed: &[u8], purpose: &[u8], new: &Self) -> Result<Vec<u8>, ResealError> {
        Ok(new.seal(&self.open(sealed, purpose)?, purpose)?)
    }

    /// Opens what was sealed for this purpose.
    ///
    /// # Errors
    /// When a single bit differs, in it, in the key or in the purpose.
    pub fn open(&self, sealed: &[u8], purpose: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or(OpenError)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose), &mut buffer)
            .map_err(|_| OpenError)?
            .len();
        buffer.truncate(opened);
        Ok(buffer)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}
