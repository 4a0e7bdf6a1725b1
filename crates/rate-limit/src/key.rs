//! What is counted by, in sixteen octets whatever its length.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::network::Network;

/// The name of a count: a hash of its parts, so that every entry of a table is as small as the others and tells nobody's
/// name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// Parts are told apart by their lengths, so that no two lists of parts give one key.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }

    /// Of a name as it is used from one network.
    pub(crate) fn pair(name: &str, address: IpAddr) -> Self {
        Self::of(&[Network::of(Some(address)).as_bytes(), name.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_run_together() {
        assert_eq!(Key::of(&[b"a", b"bc"]), Key::of(&[b"a", b"bc"]));
        for other in [&[b"ab".as_slice(), b"c"] as &[&[u8]], &[b"abc"], &[b"a", b"bc", b""]] {
            assert_ne!(Key::of(&[b"a", b"bc"]), Key::of(other));
        }
    }
}
