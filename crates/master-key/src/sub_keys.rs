//! What is derived from a master key.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use token_signing::Sealer;
use zeroize::Zeroizing;

use super::MasterKey;

/// The sub-keys of one master key, told apart by their labels. A label is part of the derivation: changing it makes
/// everything of that purpose void, and one that is used twice makes two purposes one.
#[derive(Clone)]
pub struct SubKeys(Hkdf<Sha256>);

impl SubKeys {
    /// The salt separates these sub-keys from whatever else the same master key might be used for.
    #[must_use]
    pub fn new(master: &MasterKey, salt: &'static [u8]) -> Self {
        Self(Hkdf::new(Some(salt), master.bytes()))
    }

    /// The key of message authentication codes for one purpose.
    #[must_use]
    pub fn mac_key(&self, label: &[u8]) -> MacKey {
        MacKey(Hmac::new((&*self.derive::<64>(label)).into()))
    }

    /// The HMAC-SHA-256 of `message` for one purpose. Whoever makes many keeps the [`MacKey`].
    #[must_use]
    pub fn mac(&self, label: &[u8], message: &[u8]) -> [u8; 32] {
        self.mac_key(label).mac(message)
    }

    /// What the codes of these sub-keys are derived from, so that they stay good under another master key.
    #[must_use]
    pub fn mac_root(master: &MasterKey, salt: &'static [u8]) -> MacRoot {
        let (root, _) = Hkdf::<Sha256>::extract(Some(salt), master.bytes());
        MacRoot(Zeroizing::new(root.into()))
    }

    /// Seals and opens for one purpose what is kept encrypted at rest.
    #[must_use]
    pub fn sealer(&self, label: &[u8]) -> Sealer {
        Sealer::new(&self.derive::<32>(label))
    }

    #[expect(clippy::expect_used, reason = "RFC 5869 §2.3 sets the limit at 8160 bytes; N is 32 or 64")]
    fn derive<const N: usize>(&self, label: &[u8]) -> Zeroizing<[u8; N]> {
        let mut key = Zeroizing::new([0; N]);
        self.0.expand(label, key.as_mut_slice()).expect("a sub-key of at most 64 bytes");
        key
    }
}

impl fmt::Debug for SubKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubKeys(..)")
    }
}

/// Bytes of a root.
const ROOT_BYTES: usize = 32;

/// What the message authentication codes of a database are derived from: HKDF's pseudorandom key of its first master key
/// and its salt (RFC 5869 §2.2). A database that got another master key keeps it, sealed, for what it knows by its codes
/// alone cannot be made anew. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MacRoot(Zeroizing<[u8; ROOT_BYTES]>);

impl MacRoot {
    /// Reads what [`expose`](Self::expose) gave; nothing for every other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; ROOT_BYTES]>::try_from(bytes).ok().map(|root| Self(Zeroizing::new(root)))
    }

    /// The bytes, for the one call that seals them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The key of message authentication codes for one purpose: the same as that of the master key it came from.
    ///
    /// # Panics
    /// Never: a root is as long as HKDF wants one.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "RFC 5869 §2.3 asks for at least the hash's length, which a root has"
    )]
    pub fn mac_key(&self, label: &[u8]) -> MacKey {
        SubKeys(Hkdf::from_prk(self.0.as_slice()).expect("a root of 32 bytes")).mac_key(label)
    }
}

impl fmt::Debug for MacRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacRoot(..)")
    }
}

/// Makes and checks the message authentication codes of one purpose.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// The HMAC-SHA-256 of `message`.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether `mac` is the code of `message`, in a time that does not depend on where they differ.
    #[must_use]
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        self.mac(message).ct_eq(mac).into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_gives_the_codes_of_its_master_key() {
        let (master, salt) = (MasterKey::generate().unwrap(), b"a database");
        let keys = SubKeys::new(&master, salt);
        let root = SubKeys::mac_root(&master, salt);
        let kept = MacRoot::from_slice(root.expose()).unwrap();
        for label in [b"one".as_slice(), b"another"] {
            assert!(kept.mac_key(label).verify(b"message", &keys.mac(label, b"message")));
        }
        assert!(!kept.mac_key(b"one").verify(b"message", &keys.mac(b"another", b"message")));
        assert_ne!(root.expose(), SubKeys::mac_root(&master, b"another database").expose());
        assert!(MacRoot::from_slice(&root.expose()[1..]).is_none());
        assert_eq!(format!("{root:?}"), "MacRoot(..)");
    }
}
