//! Where a request comes from, as far as guessing is concerned.

use std::net::IpAddr;

/// An IPv4 address, or the /64 of an IPv6 address: whoever has one address of a /64 has all of them. Requests from
/// inside the process come from nowhere, which is a place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network(Vec<u8>);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(match address.map(|address| address.to_canonical()) {
            None => Vec::new(),
            Some(IpAddr::V4(v4)) => v4.octets().to_vec(),
            Some(IpAddr::V6(v6)) => v6.octets()[..8].to_vec(),
        })
    }

    /// Its octets: different ones for different networks.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_network() {
        let of = |text: &str| Network::of(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8:0:0:ffff::"));
        for (one, other) in
            [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:0:1::1"), ("0.0.0.0", "::")]
        {
            assert_ne!(of(one), of(other));
            assert_ne!(of(one), Network::of(None));
        }
    }
}
