//! HTTP/1.1 by hand.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::shapes::Request;

/// Nothing these tests send takes a server that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An answer with this status began.
    Answered(u16),
    /// The server closed the connection without one.
    Closed,
    /// The server neither answered nor closed.
    Hung,
    /// What came back is no HTTP.
    Nonsense,
}

/// Sends a request on a connection of its own.
pub(super) fn send(address: SocketAddr, request: &Request) -> Outcome {
    send_bytes(address, &request.bytes())
}

/// Sends bytes, says that there are no more, and reads the beginning of the answer.
pub(super) fn send_bytes(address: SocketAddr, bytes: &[u8]) -> Outcome {
    let mut stream = connect(address);
    // The server may have answered and closed before everything is sent.
    if stream.write_all(bytes).is_ok() {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    end_of(stream, PATIENCE)
}

/// Sends the beginning of a request.
pub(super) fn begin(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(bytes.as_bytes()).expect("an open connection");
    stream
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("somebody listens");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// What comes of a connection on which nothing more is sent.
pub(super) fn end_of(mut stream: TcpStream, patience: Duration) -> Outcome {
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(outcome) = answered(&answer) {
            return outcome;
        }
        match stream.read(&mut chunk) {
            Ok(0) => return if answer.is_empty() { Outcome::Closed } else { Outcome::Nonsense },
            Ok(length) => answer.extend_from_slice(&chunk[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Outcome::Hung;
            }
            Err(_) => return Outcome::Closed,
        }
    }
}

/// What the first line of the first answer says that is not an interim one, once it is there.
fn answered(mut answer: &[u8]) -> Option<Outcome> {
    loop {
        let end = answer.windows(2).position(|pair| pair == b"\r\n")?;
        let line = String::from_utf8_lossy(&answer[..end]).into_owned();
        match line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()) {
            Some(100) => {}
            status => return Some(status.map_or(Outcome::Nonsense, Outcome::Answered)),
        }
        let next = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        answer = &answer[next..];
    }
}

#[test]
fn an_interim_answer_is_no_answer() {
    assert_eq!(answered(b"HTTP/1.1 100 Continue\r\n\r\n"), None);
    let both = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n";
    assert_eq!(answered(both), Some(Outcome::Answered(404)));
    assert_eq!(answered(b"HTTP/1.1 200"), None);
    assert_eq!(answered(b"SSH-2.0\r\n"), Some(Outcome::Nonsense));
}
