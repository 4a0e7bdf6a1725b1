//! The origin under which clients reach the service, for every absolute URL that it writes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, X_FORWARDED_HOST, X_FORWARDED_PROTO},
};
use url::Url;

use crate::{
    settings::ServerSettings,
    trusted_proxies::{TrustedProxies, only},
};

/// More than any host name with a port (RFC 1035 §2.3.4: 255 octets).
const LONGEST_HOST: usize = 262;

/// Where absolute URLs begin. Never what a client says: its `Host` would put another site's name into links and into the
/// issuer.
#[derive(Debug, Clone)]
pub struct PublicOrigin {
    fixed: Option<String>,
    proxies: TrustedProxies,
}

impl PublicOrigin {
    /// The origin of `server.public_url`, with `server.trusted_proxies` to fall back to.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        let fixed = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        Self { fixed, proxies: TrustedProxies::new(settings) }
    }

    /// `server.public_url` without a slash at its end, if it is set; links written without a request need it.
    #[must_use]
    pub fn fixed(&self) -> Option<&str> {
        self.fixed.as_deref()
    }

    /// The origin for what is written without a request, such as the issuer of tokens: `server.public_url`, else the
    /// address of the listener.
    #[must_use]
    pub fn of(settings: &ServerSettings) -> String {
        Self::new(settings).fixed.unwrap_or_else(|| of_listener(settings.listen))
    }

    /// The origin for this request, without a slash at its end: `server.public_url`, else what a trusted proxy says in
    /// `X-Forwarded-Proto` and `X-Forwarded-Host` (both, once each, well-formed), else the address of the listener.
    #[must_use]
    pub fn for_request(&self, request: &HttpRequest) -> String {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let forwarded = self.proxies.headers(request).and_then(forwarded);
        forwarded.unwrap_or_else(|| of_listener(request.app_config().local_addr()))
    }
}

/// The origin of a listener; the wildcard address is replaced by the loopback one, since nobody can connect to it.
fn of_listener(listener: SocketAddr) -> String {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listener.port()))
}

fn forwarded(headers: &HeaderMap) -> Option<String> {
    let proto = only(headers, &X_FORWARDED_PROTO)?.to_ascii_lowercase();
    let host = only(headers, &X_FORWARDED_HOST)?.to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    if !matches!(proto.as_str(), "http" | "https") || host.len() > LONGEST_HOST || !host.bytes().all(plain) {
        return None;
    }
    let url = Url::parse(&format!("{proto}://{host}")).ok()?;
    // A host that the parser had to change (`0x7f.1` becomes 127.0.0.1) is none that a proxy would name.
    let name = url.host_str()?;
    let rest = host.strip_prefix(name)?;
    (rest.is_empty()
        || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port != 0)))
    .then(|| url.origin().ascii_serialization())
}
