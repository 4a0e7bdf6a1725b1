//! A stored password hash in any of the formats that are understood.

use std::{fmt, str::FromStr};

use super::{argon::ArgonHash, blowfish::BcryptHash, django::DjangoHash};

/// Why a stored or imported hash is not used. The hash itself is never part of the message.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct UnsupportedHash(pub(crate) &'static str);

/// A password hash whose format and cost are within the accepted bounds, whoever made it.
#[derive(Clone, PartialEq, Eq)]
pub enum EncodedHash {
    /// The platform's own.
    Argon(ArgonHash),
    /// Django's PBKDF2.
    Django(DjangoHash),
    /// bcrypt.
    Bcrypt(BcryptHash),
}

impl EncodedHash {
    /// Whether it is of the format the platform makes itself.
    #[must_use]
    pub fn is_native(&self) -> bool {
        matches!(self, Self::Argon(_))
    }

    /// The text to store.
    pub(crate) fn to_stored(&self) -> String {
        match self {
            Self::Argon(hash) => hash.to_string(),
            Self::Django(hash) => hash.to_string(),
            Self::Bcrypt(hash) => hash.to_string(),
        }
    }
}

/// Names the format only: a hash is worth guessing against.
impl fmt::Debug for EncodedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argon(_) => "argon2id",
            Self::Django(_) => "pbkdf2_sha256",
            Self::Bcrypt(_) => "bcrypt",
        })
    }
}

impl FromStr for EncodedHash {
    type Err = UnsupportedHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("$argon2") {
            text.parse().map(Self::Argon)
        } else if text.starts_with("pbkdf2_sha256$") {
            text.parse().map(Self::Django)
        } else if text.starts_with("$2") {
            text.parse().map(Self::Bcrypt)
        } else {
            Err(UnsupportedHash("the hash is of no supported format (argon2id, pbkdf2_sha256, bcrypt)"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLES: [&str; 3] = [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
    ];

    #[test]
    fn every_format_comes_back_as_it_was() {
        for sample in SAMPLES {
            let hash: EncodedHash = sample.parse().unwrap();
            assert_eq!(hash.to_stored(), sample);
            assert!(!format!("{hash:?}").contains("seasalt"), "debug output shows the hash");
        }
    }

    #[test]
    fn plain_text_is_not_a_hash() {
        for text in ["", "hunter22", "$", "$$$", "md5$a$b", "argon2id$v=19", " $2a$06$x"] {
            assert!(text.parse::<EncodedHash>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_round_trips(
            sample in 0..SAMPLES.len(), at in 0_usize..90, with in any::<char>(),
        ) {
            let mut text: Vec<char> = SAMPLES[sample].chars().collect();
            let at = at % text.len();
            text[at] = with;
            let text: String = text.into_iter().collect();
            if let Ok(hash) = text.parse::<EncodedHash>() {
                prop_assert_eq!(hash.to_stored(), text);
            }
        }

        #[test]
        fn garbage_never_panics(text in "[$a-z0-9=,]{0,80}") {
            let _ = text.parse::<EncodedHash>();
        }
    }
}
