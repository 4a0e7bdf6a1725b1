//! Whose `X-Forwarded-*` headers count.

use std::net::IpAddr;

use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, HeaderName},
    web,
};
use ipnet::IpNet;

use crate::settings::ServerSettings;

/// The networks of the proxies in front of the service. Only a request whose connection comes from one of them may speak
/// for somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The proxies of `server.trusted_proxies`.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        Self(settings.trusted_proxies.clone())
    }

    /// Whether the address is a proxy's. An IPv4 address inside IPv6, as a dual-stack socket reports it, counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The headers of a request that a trusted proxy passed on; `None` if its connection is anybody else's.
    pub(crate) fn headers<'a>(&self, request: &'a HttpRequest) -> Option<&'a HeaderMap> {
        request.peer_addr().filter(|peer| self.contains(peer.ip())).map(|_| request.headers())
    }

    /// The proxies that the server was built with; none if the request is not served by it.
    pub(crate) fn of(request: &HttpRequest) -> Option<&Self> {
        request.app_data::<web::Data<Self>>().map(web::Data::get_ref)
    }
}

/// The value of a header that occurs once, as text; a repeated one says nothing, since nobody knows who added which.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
