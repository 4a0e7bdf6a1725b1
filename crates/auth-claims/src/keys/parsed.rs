//! A public key in the form the crypto library works with, parsed once.

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};

use super::{Algorithm, Jwk, PublicKey, SourceError};

/// A public key ready to verify with, by the one algorithm it stands for.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Parses a published key.
    ///
    /// # Errors
    /// When the point is not on its curve, or the modulus is shorter than 2048 bits or longer than 8192.
    pub fn parse(jwk: &Jwk) -> Result<Self, SourceError> {
        let parsed = match &jwk.key {
            PublicKey::P256 { x, y } => {
                let uncompressed = [[4].as_slice(), x, y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, uncompressed)
            }
            PublicKey::Ed25519 { x } => ParsedPublicKey::new(&ED25519, x),
            PublicKey::Rsa { n, .. } if !(256..=1024).contains(&n.len()) => {
                return Err(SourceError::new("an RSA key has fewer than 2048 or more than 8192 bits"));
            }
            PublicKey::Rsa { n, e } => {
                signature::RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
        };
        let key = parsed.map_err(|_| SourceError::new(format!("the key {:?} is not valid", jwk.kid)))?;
        Ok(Self { algorithm: jwk.algorithm(), key })
    }

    /// The one algorithm this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}
