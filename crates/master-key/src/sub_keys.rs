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
