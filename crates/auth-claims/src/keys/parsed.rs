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
    /// When the point is not on its curve, the modulus is shorter than 2048 bits or longer than 8192, or the exponent
    /// is even, 1 or longer than 32 bits.
    pub fn parse(jwk: &Jwk) -> Result<Self, SourceError> {
        let parsed = match &jwk.key {
            PublicKey::P256 { x, y } => {
                let uncompressed = [[4].as_slice(), x, y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, uncompressed)
            }
            PublicKey::Ed25519 { x } => ParsedPublicKey::new(&ED25519, x),
            PublicKey::Rsa { n, e } if !is_sound_rsa(n, e) => {
                return Err(SourceError::new(format!(
                    "the RSA key {:?} has an unsound size or exponent",
                    jwk.kid
                )));
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

/// RFC 7518 §3.3 for the lower bound. The library checks exponents only when it verifies, and with an exponent of 1
/// everybody could sign.
fn is_sound_rsa(n: &[u8], e: &[u8]) -> bool {
    let odd = e.last().is_some_and(|octet| octet & 1 == 1);
    (256..=1024).contains(&n.len()) && odd && e.len() <= 4 && e != [1]
}
