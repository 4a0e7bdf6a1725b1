//! Servers that answer too much, too slowly, elsewhere, or not at all.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_claims::caller::{Exchange as _, ExchangeError};
use auth_claims::keys::KeySource as _;
use auth_claims::revocations::RevocationSource as _;
use auth_client::{Authority, AuthorityError, AuthoritySettings};
use rstest::rstest;
use url::Url;

use crate::authority::SECRET;

/// Answers each connection with these octets, forever if asked to.
fn answering(answer: String, endless: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, calls) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&calls);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let mut sent = stream.write_all(answer.as_bytes());
            while endless && sent.is_ok() {
                sent = stream.write_all(&[b'7'; 4096]);
            }
            // Unread octets would turn the end of the connection into a reset, which could overtake the answer.
            let _ = stream.shutdown(Shutdown::Write);
            while stream.read(&mut buffer).is_ok_and(|octets| octets > 0) {}
        }
    });
    (address, calls)
}

fn authority(address: SocketAddr) -> Authority {
    let url = Url::parse(&format!("http://{address}")).unwrap();
    let timeout = Duration::from_millis(500);
    Authority::connect(AuthoritySettings { timeout, ..AuthoritySettings::new(url, "rooms", SECRET.into()) })
        .unwrap()
}

/// Every call, and the sentence each fails with.
async fn failures(authority: &Authority) -> [String; 4] {
    [
        authority.service_token().await.unwrap_err().to_string(),
        authority.fetch().await.unwrap_err().to_string(),
        authority.after(0, Duration::ZERO).await.unwrap_err().to_string(),
        authority.exchange("t", "credential-itself", [192, 0, 2, 1].into()).await.unwrap_err().to_string(),
    ]
}

/// Threat 18: an answer without end is cut off at its bound, with and without a declared length.
#[rstest]
#[case::declared("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999999999\r\n\r\n")]
#[case::until_closed("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")]
#[tokio::test]
async fn threat_18_endless_answers_are_cut_off(#[case] head: &str) {
    let (address, _) = answering(head.to_owned(), true);
    let [token, keys, feed, exchange] = failures(&authority(address)).await;
    for sentence in [&token, &keys, &feed] {
        assert!(sentence.contains("is longer than"), "{sentence}");
    }
    assert_eq!(exchange, ExchangeError::Unavailable.to_string());
}

/// Credentials go to the configured address and nowhere else.
#[rstest]
#[tokio::test]
async fn redirects_are_not_followed(#[values(301, 302, 303, 307, 308)] status: u16) {
    let (target, calls) = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(), false);
    let answer =
        format!("HTTP/1.1 {status} Moved\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = answering(answer, false);
    let [_, keys, ..] = failures(&authority(address)).await;
    assert!(keys.contains(&status.to_string()), "{keys}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for sentence in failures(&authority(listener.local_addr().unwrap())).await {
        assert!(sentence.contains("out of reach"), "{sentence}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_without_secrets() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(); // closed again at once
    let authority = authority(address);
    assert!(matches!(authority.service_token().await, Err(AuthorityError::Unreachable(_))));
    for sentence in failures(&authority).await {
        assert!(sentence.contains("out of reach"), "{sentence}");
        for secret in ["p&s=w", "credential-itself", "p%26s"] {
            assert!(!sentence.contains(secret), "{sentence}");
        }
    }
}

/// Runs one test of this file in a process of its own, which finds no certificates on its system.
fn without_certificates(test: &str) -> bool {
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", test]).env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let output = process.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("running 1 test"), "{said}");
    output.status.success()
}

/// An image without certificates can reach a server in its own network, and https needs them.
#[test]
fn certificates_are_needed_for_https_alone() {
    assert!(without_certificates("hostile::nobody_there_is_said_without_secrets"));
    assert!(!without_certificates("hostile::https_is_set_up_with_the_certificates_of_the_system"));
}

#[test]
fn https_is_set_up_with_the_certificates_of_the_system() {
    let url = Url::parse("https://id.example").unwrap();
    Authority::connect(AuthoritySettings::new(url, "rooms", SECRET.into())).unwrap();
}

#[rstest]
#[case::no_http("hello")]
#[case::no_json("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")]
#[case::error_page("HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")]
#[case::cut_short("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"keys\":[")]
#[tokio::test]
async fn nonsense_is_a_failure_and_no_panic(#[case] answer: &str) {
    let (address, _) = answering(answer.to_owned(), false);
    let [.., exchange] = failures(&authority(address)).await;
    assert_eq!(exchange, ExchangeError::Unavailable.to_string());
}
