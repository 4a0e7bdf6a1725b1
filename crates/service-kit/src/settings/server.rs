//! `server.*`

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use url::Url;

/// How a service listens, and how long it waits for whom.
///
/// Deserializing refuses contradictions, so that a value of this type is one that can be served with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Where clients are served. Port 0 takes a free one. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: `127.0.0.1:9090`.
    pub management: SocketAddr,
    /// The origin under which clients reach the service, for links and the issuer. Default: none, which means what a
    /// trusted proxy says, else the address of the listener.
    pub public_url: Option<Url>,
    /// Networks of the proxies in front, whose `X-Forwarded-*` headers count. Default: none.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Threads that serve clients. Default: one a core.
    pub workers: Option<usize>,
    /// Most threads for blocking work, over all workers; queries and hashes of passwords have their own. Default: 32.
    pub max_blocking_threads: usize,
    /// Most open connections, over all workers; further ones wait. Default: 16384.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request. Default: `5s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub header_timeout: Duration,
    /// How long a request may take until its response begins, its body included. Default: `30s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_timeout: Duration,
    /// How long an idle connection stays open for the next request. Default: `75s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub keep_alive: Duration,
    /// How long the service goes on accepting after it was told to stop and says that it is not ready, so that load
    /// balancers notice. Default: `0s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_delay: Duration,
    /// How long open requests may take to finish after that. Default: `20s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_grace: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            management: (Ipv4Addr::LOCALHOST, 9090).into(),
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: None,
            max_blocking_threads: 32,
            max_connections: 16_384,
            header_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            shutdown_delay: Duration::ZERO,
            shutdown_grace: Duration::from_secs(20),
        }
    }
}

impl ServerSettings {
    /// The number of workers: as set, or one a core of those that the process may use.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// What is contradictory or senseless, in one sentence.
    fn contradiction(&self) -> Option<String> {
        let zero = [("header_timeout", self.header_timeout), ("request_timeout", self.request_timeout)];
        if self.listen == self.management && self.listen.port() != 0 {
            return Some(format!("listen and management must differ, and both are {}", self.listen));
        }
        if let Some(url) = &self.public_url
            && let Some(reason) = public_url_problem(url)
        {
            return Some(format!("public_url {reason}"));
        }
        if let Some((name, _)) = zero.iter().find(|(_, duration)| duration.is_zero()) {
            return Some(format!("{name} must be longer than nothing"));
        }
        let counts = [
            ("workers", self.workers.unwrap_or(1)),
            ("max_blocking_threads", self.max_blocking_threads),
            ("max_connections", self.max_connections),
        ];
        counts.iter().find(|(_, count)| *count == 0).map(|(name, _)| format!("{name} must be at least 1"))
    }
}

fn public_url_problem(url: &Url) -> Option<&'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Some("must begin with http:// or https://")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("must not hold a user name or password")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("must not hold a query or fragment")
    } else {
        None
    }
}

impl<'de> Deserialize<'de> for ServerSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Self::deserialize(deserializer)?;
        match settings.contradiction() {
            Some(sentence) => Err(D::Error::custom(sentence)),
            None => Ok(settings),
        }
    }
}

impl Serialize for ServerSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
