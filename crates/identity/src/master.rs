//! What is derived from the directory's master key: a key for each [`Purpose`], so that a value made for one purpose means
//! nothing for another (threat 4), and a separate one that seals private keys at rest.

use std::fmt;
use std::sync::Arc;

use ::master_key::{MacKey, MacRoot, SubKeys};
pub use ::master_key::{MasterKey, MasterKeyError};
use token_signing::Sealer;

/// Separates these sub-keys from whatever else the same master key might be used for.
const SALT: &[u8] = b"tessera identity v1";

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
    /// The stored form of a recovery code.
    RecoveryCode,
    /// The stored form of what a trusted device presents.
    TrustedDevice,
    /// The form under which an account token is looked up.
    AccountToken,
    /// The stored form of an app password.
    AppPassword,
    /// The chain over the audit trail.
    AuditChain,
    /// Telling the cursors of audit lists from made-up ones.
    AuditCursor,
    /// The form under which wrong guesses are counted in the database.
    Lockout,
}

impl Purpose {
    /// Every purpose, in the order of the variants.
    pub const ALL: [Self; 13] = [
        Self::ClientSecret,
        Self::RefreshToken,
        Self::BootstrapFingerprint,
        Self::DeviceToken,
        Self::DeviceClient,
        Self::FamiliarNetwork,
        Self::RecoveryCode,
        Self::TrustedDevice,
        Self::AccountToken,
        Self::AppPassword,
        Self::AuditChain,
        Self::AuditCursor,
        Self::Lockout,
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
            Self::RecoveryCode => b"mac recovery-code",
            Self::TrustedDevice => b"mac trusted-device",
            Self::AccountToken => b"mac account-token",
            Self::AppPassword => b"mac app-password",
            Self::AuditChain => b"mac audit-chain",
            Self::AuditCursor => b"mac audit-cursor",
            Self::Lockout => b"mac lockout",
        }
    }
}

/// The sub-keys of one master key. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    keys: Arc<[MacKey; Purpose::ALL.len()]>,
    sealer: Sealer,
}

impl Secrets {
    /// Derives every sub-key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let tree = SubKeys::new(master, SALT);
        let keys = Purpose::ALL.map(|purpose| tree.mac_key(purpose.label()));
        Self { keys: Arc::new(keys), sealer: tree.sealer(b"seal") }
    }

    /// Those of a database whose master key was replaced: codes are derived from what they were always derived from.
    pub(crate) fn after_replacement(master: &MasterKey, root: &MacRoot) -> Self {
        let keys = Purpose::ALL.map(|purpose| root.mac_key(purpose.label()));
        Self { keys: Arc::new(keys), sealer: SubKeys::new(master, SALT).sealer(b"seal") }
    }

    /// What the codes of a database are derived from whose master key was never replaced.
    pub(crate) fn mac_root(master: &MasterKey) -> MacRoot {
        SubKeys::mac_root(master, SALT)
    }

    /// The HMAC-SHA-256 of `message` under the sub-key of `purpose`.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        self.keys[purpose as usize].mac(message)
    }

    /// Whether `mac` is the code of `message` for `purpose`, in a time that does not depend on where they differ.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, message: &[u8], mac: &[u8]) -> bool {
        self.keys[purpose as usize].verify(message, mac)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn purpose() -> impl Strategy<Value = Purpose> {
        proptest::sample::select(Purpose::ALL.to_vec())
    }

    fn secrets() -> Secrets {
        Secrets::new(&MasterKey::generate().unwrap())
    }

    #[test]
    fn debug_output_holds_no_key() {
        assert_eq!(format!("{:?}", secrets()), "Secrets(..)");
    }

    /// Values of HKDF-SHA-256 and HMAC-SHA-256 computed elsewhere: what is stored stays good.
    #[test]
    fn derivation_never_changes() {
        let secrets =
            Secrets::new(&MasterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap());
        for (purpose, mac) in [
            (Purpose::ClientSecret, "6a337d5d65bd21f58e5c5592948152b523d2e0261d0c467623519f43186da785"),
            (Purpose::RefreshToken, "d9cfe86e9cbc89447bb85ad810f4fd4f23a4f58d51c60ee41d8798dcf550de42"),
            (
                Purpose::BootstrapFingerprint,
                "b3cc52377e79158f32b450360d399782f2dc57b01affba605421b1291a20465f",
            ),
            (Purpose::DeviceToken, "1adb8f7bef5d3c7ab36cdbb84bfa4c9b660d788cff7cb3c213ed592081bf2f4f"),
            (Purpose::DeviceClient, "d0cea4462d26cb54bf042e7782901478dc3a09dcbfda5cfba828b8374fc2883a"),
            (Purpose::FamiliarNetwork, "79de60ec4f1fd060200fb2732b46ec5cce849f54a85a936e5973005ac569b1e5"),
            (Purpose::AuditChain, "06b7d85b429ce3e13f44d07d9316b9279982ba21544e3422f5c9ab10e7ed2dd2"),
            (Purpose::AuditCursor, "06fcfbfaa9bf450f484e3a49073b7d1b1a92e4a42a8236058aecac9581f29309"),
        ] {
            assert_eq!(hex::encode(secrets.mac(purpose, b"message")), mac, "{purpose:?}");
        }
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
            message in any::<Vec<u8>>(), made_for in purpose(), used_for in purpose(),
        ) {
            let secrets = secrets();
            let mac = secrets.mac(made_for, &message);
            prop_assert_eq!(secrets.verify(used_for, &message, &mac), made_for == used_for);
        }

        /// Threat 13: a changed, cut or extended code or message does not verify.
        #[test]
        fn threat_13_a_changed_code_never_verifies(
            message in proptest::collection::vec(any::<u8>(), 1..64), bit in 0_usize..256, place in any::<prop::sample::Index>(),
        ) {
            let secrets = secrets();
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
