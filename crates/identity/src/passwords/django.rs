//! Django's `pbkdf2_sha256$iterations$salt$base64`, as the users and applications of Meet have it.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{UnsupportedHash, argon::decimal};

const PREFIX: &str = "pbkdf2_sha256";
/// Django 5.2 makes a million; five times that is a second or two, more is an attack on our time.
const MAX_ITERATIONS: u32 = 5_000_000;
const MAX_SALT: usize = 128;

/// A Django PBKDF2 hash.
#[derive(Clone, PartialEq, Eq)]
pub struct DjangoHash {
    iterations: u32,
    salt: String,
    digest: [u8; 32],
}

impl DjangoHash {
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let computed =
            pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, self.salt.as_bytes(), self.iterations);
        computed.ct_eq(&self.digest).into()
    }
}

impl fmt::Display for DjangoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}${}${}${}", self.iterations, self.salt, STANDARD.encode(self.digest))
    }
}

impl FromStr for DjangoHash {
    type Err = UnsupportedHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || UnsupportedHash("the PBKDF2 hash is malformed");
        let parts: Vec<&str> = text.split('$').collect();
        let [PREFIX, iterations, salt, digest] = parts[..] else { return Err(malformed()) };
        let too_costly = || UnsupportedHash("the PBKDF2 iterations are out of bounds");
        let iterations =
            decimal(iterations).filter(|n| (1..=MAX_ITERATIONS).contains(n)).ok_or_else(too_costly)?;
        let printable = salt.bytes().all(|byte| byte.is_ascii_graphic());
        if salt.is_empty() || salt.len() > MAX_SALT || !printable {
            return Err(malformed());
        }
        let digest = STANDARD.decode(digest).map_err(|_| malformed())?;
        let digest = digest.try_into().map_err(|_| malformed())?;
        Ok(Self { iterations, salt: salt.to_owned(), digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_django_verifies() {
        // Django, tests/auth_tests/test_hashers.py: make_password("lètmein", "seasalt", "pbkdf2_sha256"), 870000.
        let hash: DjangoHash =
            "pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=".parse().unwrap();
        assert!(hash.matches("lètmein".as_bytes()));
        assert!(!hash.matches("lètmeinz".as_bytes()));
    }

    #[test]
    fn absurd_or_malformed_parameters_are_refused() {
        for text in [
            "pbkdf2_sha256$1000000000000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
            "pbkdf2_sha256$4000000000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
            "pbkdf2_sha256$0$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
            "pbkdf2_sha256$-1$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
            "pbkdf2_sha256$1000$$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
            "pbkdf2_sha256$1000$seasalt$",
            "pbkdf2_sha256$1000$seasalt$wJSpLMQRQz0=",
            "pbkdf2_sha256$1000$seasalt",
            "pbkdf2_sha1$1000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
        ] {
            assert!(text.parse::<DjangoHash>().is_err(), "{text}");
        }
    }
}
