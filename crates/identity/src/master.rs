//! The master key and what is derived from it.
//!
//! One 32-byte key from a setting or a file. Nothing uses it directly: HKDF-SHA-256 (RFC 5869) makes one sub-key for
//! each [`Purpose`], so that a value made for one purpose means nothing for another (threat 4), and a separate one
//! that seals private keys at rest.

mod file;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use token_signing::Sealer;
use zeroize::Zeroizing;

/// Bytes of a master key.
const KEY_BYTES: usize = 32;

/// Random 32 bytes hold about thirty different values; fewer than this are a pattern or a text, not a key.
const DISTINCT_BYTES: usize = 20;

/// Separates these sub-keys from whatever else the same master key might be used for.
const SALT: &[u8] = b"tessera identity v1";

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

/// The key from which every other secret of the identity database is derived. Wiped from memory when dropped.
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

/// What a message authentication code is for. To add one: a variant, its place in `ALL`, its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The stored form of client secrets.
    ClientSecret,
    /// The value of a refresh token.
    RefreshToken,
    /// Telling whether a secret of the bootstrap file has changed, without keeping it.
    BootstrapFingerprint,
    /// The stored form of the token of a device session.
    DeviceToken,
    /// The stored form of the client id of a device session.
    DeviceClient,
    /// Recognising the networks an account signs in from, without keeping them.
    FamiliarNetwork,
}

impl Purpose {
    /// Every purpose, in the order of the variants.
    pub const ALL: [Self; 6] = [
        Self::ClientSecret,
        Self::RefreshToken,
        Self::BootstrapFingerprint,
        Self::DeviceToken,
        Self::DeviceClient,
        Self::FamiliarNetwork,
    ];

    /// Part of the derivation: changing one makes everything of that purpose void.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::ClientSecret => b"mac client-secret",
            Self::RefreshToken => b"mac refresh-token",
            Self::BootstrapFingerprint => b"mac bootstrap-fingerprint",
            Self::DeviceToken => b"mac device-token",
            Self::DeviceClient => b"mac device-client",
            Self::FamiliarNetwork => b"mac familiar-network",
        }
    }
}

/// The sub-keys of one master key. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    keys: Arc<[Hmac<Sha256>; Purpose::ALL.len()]>,
    sealer: Sealer,
}

impl Secrets {
    /// Derives every sub-key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let tree = Hkdf::<Sha256>::new(Some(SALT), master.0.as_slice());
        let keys = Purpose::ALL.map(|purpose| Hmac::new((&*derive::<64>(&tree, purpose.label())).into()));
        Self { keys: Arc::new(keys), sealer: Sealer::new(&derive::<32>(&tree, b"seal")) }
    }

    /// The HMAC-SHA-256 of `message` under the sub-key of `purpose`.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        let mut mac = self.keys[purpose as usize].clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether `mac` is the code of `message` for `purpose`, in a time that does not depend on where they differ.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, message: &[u8], mac: &[u8]) -> bool {
        self.mac(purpose, message).ct_eq(mac).into()
    }

    /// Seals and opens what is kept encrypted at rest.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

#[expect(clippy::expect_used, reason = "RFC 5869 §2.3 sets the limit at 8160 bytes; N is 32 or 64")]
fn derive<const N: usize>(tree: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    tree.expand(label, key.as_mut_slice()).expect("a sub-key of at most 64 bytes");
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn purpose() -> impl Strategy<Value = Purpose> {
        proptest::sample::select(Purpose::ALL.to_vec())
    }

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
        assert_eq!(format!("{key:?} {:?}", Secrets::new(&key)), "MasterKey(..) Secrets(..)");
    }

    #[test]
    fn all_lists_the_purposes_in_the_order_of_their_variants() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
        }
    }

    proptest! {
        /// Threat 4: a code made for one purpose never verifies for another.
        #[test]
        fn threat_04_a_code_of_one_purpose_never_verifies_for_another(
            key in any::<[u8; 32]>(), message in any::<Vec<u8>>(), made_for in purpose(), used_for in purpose(),
        ) {
            let secrets = Secrets::new(&MasterKey(Zeroizing::new(key)));
            let mac = secrets.mac(made_for, &message);
            prop_assert_eq!(secrets.verify(used_for, &message, &mac), made_for == used_for);
        }

        /// Threat 13: a changed, cut or extended code or message does not verify.
        #[test]
        fn threat_13_a_changed_code_never_verifies(
            message in proptest::collection::vec(any::<u8>(), 1..64), bit in 0_usize..256, place in any::<prop::sample::Index>(),
        ) {
            let secrets = Secrets::new(&MasterKey(Zeroizing::new([7; 32])));
            let mac = secrets.mac(Purpose::RefreshToken, &message);
            let mut flipped = mac;
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!secrets.verify(Purpose::RefreshToken, &message, &flipped));
            prop_assert!(!secrets.verify(Purpose::RefreshToken, &message, &mac[..bit / 8]));
            prop_assert!(!secrets.verify(Purpose::RefreshToken, &message, &[&mac[..], &[0]].concat()));
            let mut other = message.clone();
            other[place.index(message.len())] ^= 1;
            prop_assert!(!secrets.verify(Purpose::RefreshToken, &other, &mac));
        }
    }
}
