//! Making of new signing keys.

use std::fmt;

use auth_claims::keys::{Algorithm, Jwk};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

use crate::signer::{Signer, SignerError};

/// A key that was just made, its private half in clear.
pub struct GeneratedKey {
    /// Its id: the RFC 7638 thumbprint of the public half.
    pub kid: String,
    /// The one algorithm it signs by.
    pub algorithm: Algorithm,
    /// The public half.
    pub public: Jwk,
    /// The private half. Zeroed when dropped.
    pub pkcs8: Zeroizing<Vec<u8>>,
}

/// The library or the random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no signing key could be generated")]
pub struct GenerateError;

impl GeneratedKey {
    /// Makes a key. An RSA key has 2048 bits and takes a noticeable fraction of a second: off the async workers.
    ///
    /// # Errors
    /// When the library or the random source fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, GenerateError> {
        let pkcs8 = private_key(algorithm).map_err(|_| GenerateError)?;
        let public = Signer::parse(algorithm, &pkcs8)?.public()?;
        Ok(Self { kid: public.kid.clone(), algorithm, public, pkcs8 })
    }
}

fn private_key(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, aws_lc_rs::error::Unspecified> {
    let random = SystemRandom::new();
    let copy = |octets: &[u8]| Zeroizing::new(octets.to_vec());
    Ok(match algorithm {
        Algorithm::Es256 => {
            copy(EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?.as_ref())
        }
        Algorithm::EdDsa => copy(Ed25519KeyPair::generate_pkcs8(&random)?.as_ref()),
        Algorithm::Rs256 => {
            let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            copy(der.as_ref())
        }
    })
}

impl From<SignerError> for GenerateError {
    fn from(SignerError: SignerError) -> Self {
        Self
    }
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
