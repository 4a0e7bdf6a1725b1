//! Where a request comes from, for rate limits and the audit trail.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{HttpRequest, http::header::X_FORWARDED_FOR};

use crate::trusted_proxies::{TrustedProxies, only};

/// The address of the client: the peer of the connection or, behind trusted proxies, the right-most entry of
/// `X-Forwarded-For` that is none of them.
///
/// Each proxy appends the address that it saw, so an entry is worth as much as the hop to its right. Reading stops at the
/// first entry from the right that does not parse, and the last good hop counts. Repeated header lines are ignored
/// altogether: a proxy has to join what it passes on into one line. In doubt the answer is a proxy's own address, which
/// many clients share; it is never an address that a client chose.
#[must_use]
pub fn client_address(request: &HttpRequest) -> IpAddr {
    // No peer only without a network, in a unit test.
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let Some(proxies) = TrustedProxies::of(request) else { return peer };
    let forwarded = proxies.headers(request).and_then(|headers| only(headers, &X_FORWARDED_FOR));
    forwarded.map_or(peer, |forwarded| last_hop(forwarded, peer, proxies))
}

fn last_hop(forwarded: &str, peer: IpAddr, proxies: &TrustedProxies) -> IpAddr {
    let mut hop = peer;
    for entry in forwarded.rsplit(',') {
        let Some(address) = parse(entry.trim()) else { break };
        hop = address;
        if !proxies.contains(hop) {
            break;
        }
    }
    hop
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']'));
    let address = match bare {
        Some(inner) => inner.parse().ok().filter(IpAddr::is_ipv6),
        None => entry.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip())),
    };
    address.map(|address| address.to_canonical())
}
