//! Asks a running process whether it is ready: the subcommand of every binary, for containers without a shell.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use clap::{Args, Subcommand};
use humantime_serde::re::humantime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::settings::ServerSettings;

/// More than every check of a process has to say.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// What a service's binary does instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Task {
    /// Ask the running service whether it is ready; exit 0 when it is
    Healthcheck(Healthcheck),
}

/// The flags of `healthcheck`.
#[derive(Debug, Clone, Args)]
pub struct Healthcheck {
    /// How long to wait for the answer
    #[arg(long, default_value = "3s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// Why a process does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Nobody listens there, or the answer is none of a server's, or takes too long.
    #[error("no answer from the management listener at {0}")]
    NoAnswer(SocketAddr),
    /// What `/readyz` says.
    #[error("not ready: {0}")]
    Refused(String),
}

impl Task {
    /// Does it, with the settings that the service itself is started with.
    ///
    /// # Errors
    /// As [`ask`].
    pub async fn run(&self, server: &ServerSettings) -> Result<(), NotReady> {
        let Self::Healthcheck(flags) = self;
        ask(server.management, flags.timeout).await?;
        println!("ready");
        Ok(())
    }
}

/// Asks the management listener of a process on this machine.
///
/// # Errors
/// No answer in time, or one that says that the process is not ready.
pub async fn ask(management: SocketAddr, limit: Duration) -> Result<(), NotReady> {
    let address = reachable(management);
    let answer = timeout(limit, exchange(address)).await;
    let answer = answer.ok().and_then(Result::ok).ok_or(NotReady::NoAnswer(address))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(NotReady::NoAnswer(address))?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(NotReady::Refused(body.trim_end().to_owned())),
    }
}

/// HTTP 1.0: the answer comes in one piece and ends with the connection.
async fn exchange(address: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(format!("GET /readyz HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    connection.take(LONGEST_ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
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
    use super::*;

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

    /// A listener that reads one request and answers it, or hangs.
    async fn answering(answer: Option<&'static str>) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = connection.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /readyz HTTP/1.0\r\n"));
            match answer {
                Some(answer) => connection.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
        });
        address
    }

    #[tokio::test]
    async fn only_200_is_ready() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n";
        ask(answering(Some(answer)).await, Duration::from_secs(20)).await.unwrap();

        let answer = "HTTP/1.1 503 Service Unavailable\r\n\r\nkeys: 200 of them are missing\n";
        let refused = ask(answering(Some(answer)).await, Duration::from_secs(20)).await.unwrap_err();
        assert_eq!(refused.to_string(), "not ready: keys: 200 of them are missing");
    }

    #[tokio::test]
    async fn nobody_nonsense_and_silence_are_no_answer() {
        let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for address in [nobody, answering(Some("220 mail\r\n")).await, answering(None).await] {
            let refused = ask(address, Duration::from_millis(300)).await.unwrap_err();
            assert_eq!(refused.to_string(), format!("no answer from the management listener at {address}"));
        }
    }
}
