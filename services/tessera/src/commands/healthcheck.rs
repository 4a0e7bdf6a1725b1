//! `tessera healthcheck`: for containers without a shell, and for people.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;

use crate::cli::Healthcheck;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, flags: &Healthcheck, output: Output) -> Result<(), Failure> {
    let address = reachable(flags.management.unwrap_or(settings.server.management));
    let client =
        reqwest::Client::builder().no_proxy().timeout(flags.timeout).build().context("no HTTP client")?;
    let answer = client.get(format!("http://{address}/readyz")).send().await;
    let answer = answer
        .map_err(|_| Failure::NotReady(format!("no answer from the management listener at {address}")))?;
    if answer.status().is_success() {
        match output {
            Output::Human => println!("ready"),
            Output::Json => println!("{}", serde_json::json!({ "ready": true })),
        }
        return Ok(());
    }
    let reasons = answer.text().await.unwrap_or_default();
    Err(Failure::NotReady(format!("not ready: {reasons}")))
}

/// A listener on every address is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_listener_on_every_address_is_asked_on_loopback() {
        for (listener, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.0.0.7:9090", "10.0.0.7:9090"),
        ] {
            assert_eq!(reachable(listener.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
