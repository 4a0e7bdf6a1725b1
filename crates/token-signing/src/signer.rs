//! A private key in the form the crypto library works with, parsed once.

use auth_claims::keys::{Algorithm, Jwk, PublicKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};

/// Shorter moduli are not accepted (RFC 7518 §3.3), in octets.
const SHORTEST_RSA: usize = 256;

/// A private key and the one way it signs.
// Threat 21: RSA runs in aws-lc, which blinds and checks private operations.
pub(crate) enum Signer {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// The private key is not one of its algorithm, or the library failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignerError;

impl Signer {
    pub(crate) fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, SignerError> {
        let signer = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Self::Es256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rs256),
        }
        .map_err(|_| SignerError)?;
        match &signer {
            Self::Rs256(pair) if pair.public_modulus_len() < SHORTEST_RSA => Err(SignerError),
            _ => Ok(signer),
        }
    }

    /// The public half.
    pub(crate) fn public(&self) -> Result<Jwk, SignerError> {
        let key = match self {
            Self::Es256(pair) => match pair.public_key().as_ref() {
                // SEC 1 §2.3.3: an uncompressed point.
                [4, point @ ..] => {
                    let (x, y) = point.split_first_chunk().ok_or(SignerError)?;
                    PublicKey::P256 { x: *x, y: y.try_into().map_err(|_| SignerError)? }
                }
                _ => return Err(SignerError),
            },
            Self::EdDsa(pair) => {
                PublicKey::Ed25519 { x: pair.public_key().as_ref().try_into().map_err(|_| SignerError)? }
            }
            Self::Rs256(pair) => {
                let RsaPublicKeyComponents { n, e } =
                    RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                PublicKey::Rsa { n, e }
            }
        };
        Ok(Jwk::new(key))
    }

    /// Octets of a signature.
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Es256(_) | Self::EdDsa(_) => 64,
            Self::Rs256(pair) => pair.public_modulus_len(),
        }
    }

    /// Signs in the fixed form JWS wants (RFC 7518 §3.3, §3.4; RFC 8037 §3.1).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignerError),
            Self::EdDsa(pair) => {
                pair.try_sign(message).map(|signature| signature.as_ref().to_vec()).map_err(|_| SignerError)
            }
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SignerError)?;
                Ok(signature)
            }
        }
    }
}
