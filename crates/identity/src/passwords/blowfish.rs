//! bcrypt in its `$2a$`, `$2b$` and `$2y$` spellings, which are one algorithm; `$2x$` marks hashes of a broken one.

use std::{fmt, str::FromStr};

use super::UnsupportedHash;

/// bcrypt reads this many bytes of a password and ignores the rest.
const READ_BYTES: usize = 72;
/// Cost 15 is about two seconds; each step doubles it.
const COSTS: std::ops::RangeInclusive<u32> = 4..=15;

/// A bcrypt hash, kept in its text form.
#[derive(Clone, PartialEq, Eq)]
pub struct BcryptHash(String);

impl BcryptHash {
    /// Whether the password matches.
    ///
    /// The original systems hashed C strings: they ended at a NUL, and the key repeats after its NUL, so that
    /// `abc\0abc` would count as `abc`. Such a password is computed (for the time it takes) and never matches.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, UnsupportedHash> {
        let same = ::bcrypt::verify(password, &self.0)
            .map_err(|_| UnsupportedHash("the bcrypt hash is malformed"))?;
        Ok(same && !password.contains(&0))
    }

    /// Whether a matching password is known in full. From 72 bytes on, one that differs further back matches too, and
    /// an upgrade to Argon2id with it could lock out the owner of the real one.
    pub(super) fn is_exact_for(password: &[u8]) -> bool {
        password.len() < READ_BYTES
    }
}

impl fmt::Display for BcryptHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BcryptHash {
    type Err = UnsupportedHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("$2x$") {
            return Err(UnsupportedHash("bcrypt hashes of the $2x$ variant are not supported"));
        }
        let parts: ::bcrypt::HashParts =
            text.parse().map_err(|_| UnsupportedHash("the bcrypt hash is malformed"))?;
        let digits = text.bytes().skip(4).take(2).all(|byte| byte.is_ascii_digit());
        if !digits || !COSTS.contains(&parts.get_cost()) {
            return Err(UnsupportedHash("the bcrypt cost is out of bounds"));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // jBCrypt, TestBCrypt.java
    const OF_A: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

    #[test]
    fn the_three_spellings_verify() {
        for prefix in ["$2a", "$2b", "$2y"] {
            let hash: BcryptHash = OF_A.replace("$2a", prefix).parse().unwrap();
            assert!(hash.matches(b"a").unwrap(), "{prefix}");
            assert!(!hash.matches(b"b").unwrap(), "{prefix}");
        }
    }

    #[test]
    fn a_nul_neither_ends_nor_repeats_a_password() {
        let hash: BcryptHash = OF_A.parse().unwrap();
        assert!(::bcrypt::verify(b"a\0a", OF_A).unwrap(), "the key repeats after its NUL");
        for password in [&b"a\0a"[..], b"a\0", b"a\0x", b"\0", b"a\0a\0a"] {
            assert!(!hash.matches(password).unwrap(), "{password:?}");
        }
    }

    #[test]
    fn long_passwords_match_by_their_first_72_bytes_only_and_are_not_exact() {
        let long = "x".repeat(80);
        let hash: BcryptHash = ::bcrypt::hash(&long, 4).unwrap().parse().unwrap();
        assert!(hash.matches(long.as_bytes()).unwrap());
        assert!(hash.matches(format!("{}different", &long[..72]).as_bytes()).unwrap());
        assert!(!hash.matches(&long.as_bytes()[..71]).unwrap());
        assert!(!BcryptHash::is_exact_for(&long.as_bytes()[..72]));
        assert!(BcryptHash::is_exact_for(&long.as_bytes()[..71]));
    }

    #[test]
    fn absurd_or_malformed_hashes_are_refused() {
        for text in [
            OF_A.replace("$06$", "$31$"),
            OF_A.replace("$06$", "$16$"),
            OF_A.replace("$06$", "$03$"),
            OF_A.replace("$06$", "$+6$"),
            OF_A.replace("$2a", "$2x"),
            OF_A.replace("$2a", "$3a"),
            OF_A[..59].to_owned(),
            format!("{OF_A}x"),
            OF_A.replace("m0Crh", "m0éh"),
        ] {
            assert!(text.parse::<BcryptHash>().is_err(), "{text}");
        }
    }
}
