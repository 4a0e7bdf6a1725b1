//! Where a database keeps its secrets: one master key, and the keys that are derived from it.
//!
//! A [`MasterKey`] is 32 random bytes from a setting or a file. Nothing uses it directly: HKDF-SHA-256 (RFC 5869) makes a
//! sub-key for every use ([`SubKeys`]), so that a value made for one purpose means nothing for another (threat 4). Each
//! database has a master key and a salt of its own; which labels there are is its owner's to say.
//!
//! To use one: a salt, a label for each purpose, and [`SubKeys::mac`] for what is only recognised, [`SubKeys::sealer`] for
//! what has to be read again.

mod file;
mod sub_keys;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub use self::sub_keys::{MacKey, MacRoot, SubKeys};

/// Bytes of a master key.
const KEY_BYTES: usize = 32;

/// Random 32 bytes hold about thirty different values; fewer than this are a pattern or a text, not a key.
const DISTINCT_BYTES: usize = 20;

/// Why there is no master key. Every sentence names the source, none the value.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not base64 of exactly 32 bytes.
    #[error(
        "the master key must be the base64 form of exactly 32 bytes (`openssl rand -base64 32` makes one)"
    )]
    Malformed,
    /// A pattern, which no random generator gives.
    #[error("the master key is a pattern, not random bytes (`openssl rand -base64 32` makes one)")]
    Weak,
    /// The file is readable by others than its owner.
    #[error("the master key file {path} may be read by others (mode {mode:04o}): chmod 600 it")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The path names something else than a regular file.
    #[error("the master key file {0} is not a regular file")]
    NotAFile(String),
    /// The file holds no master key.
    #[error("the master key file {path}: {cause}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong with what it holds.
        cause: Box<MasterKeyError>,
    },
    /// The file cannot be read or made.
    #[error("the master key file {path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes for a new master key: {0}")]
    Random(getrandom::Error),
}

/// The key from which every other secret of one database is derived. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads the base64 form (standard alphabet, blanks around it ignored).
    ///
    /// # Errors
    /// [`MasterKeyError::Malformed`] unless it is 32 bytes; [`MasterKeyError::Weak`] when those are a pattern.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterKeyError::Malformed)?);
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| MasterKeyError::Malformed)?;
        let mut seen = [false; 256];
        for byte in key {
            seen[usize::from(byte)] = true;
        }
        if seen.iter().filter(|seen| **seen).count() < DISTINCT_BYTES {
            return Err(MasterKeyError::Weak);
        }
        Ok(Self(Zeroizing::new(key)))
    }

    /// Makes a new key from the operating system's random source.
    ///
    /// # Errors
    /// [`MasterKeyError::Random`] when that source fails.
    pub fn generate() -> Result<Self, MasterKeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice()).map_err(MasterKeyError::Random)?;
        Ok(Self(key))
    }

    /// Whether this is the other key, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }
}

impl FromStr for MasterKey {
    type Err = MasterKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_parses_from_its_base64_form() {
        let text = MasterKey::generate().unwrap().to_base64();
        assert_eq!(*MasterKey::parse(&format!("  {}\n", *text)).unwrap().to_base64(), *text);
    }

    #[test]
    fn anything_but_32_random_bytes_is_refused() {
        let encode = |bytes: &[u8]| STANDARD.encode(bytes);
        let counted: Vec<u8> = (0..=255).collect();
        for wrong in [String::new(), "change-me".into(), encode(&counted[..31]), encode(&counted[..33])] {
            assert!(matches!(MasterKey::parse(&wrong), Err(MasterKeyError::Malformed)), "{wrong}");
        }
        for weak in [&[0; 32], b"0123456789abcdef0123456789abcdef"] {
            assert!(matches!(MasterKey::parse(&encode(weak)), Err(MasterKeyError::Weak)), "{weak:?}");
        }
        assert!(MasterKey::parse(&encode(&counted[..32])).is_ok());
    }

    #[test]
    fn debug_output_holds_no_key() {
        let key = MasterKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(..)");
    }
}
