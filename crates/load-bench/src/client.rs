//! One connection after the other to one server.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::response::{Head, Malformed, Response};
use crate::scenario::Connection;

/// Ends a line of the head.
const END: &[u8] = b"\r\n";
const CLOSE: &[u8] = b"\r\nConnection: close";

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection.
    Io(io::Error),
    /// What came is no answer, or not a whole one.
    Malformed,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Malformed => f.write_str("the answer breaks off or is none of HTTP/1.1"),
        }
    }
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Lost {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// Sends one request at a time, on a connection that it opens when there is none.
pub(crate) struct Client {
    address: SocketAddr,
    connection: Connection,
    stream: Option<TcpStream>,
    /// What is sent next.
    pub(crate) request: Vec<u8>,
    /// The same, with the wish that the connection be closed.
    closing: Vec<u8>,
    /// What came last.
    pub(crate) response: Response,
}

impl Client {
    /// A client without a connection.
    pub(crate) fn new(address: SocketAddr, connection: Connection) -> Self {
        let (request, closing) = (Vec::new(), Vec::new());
        Self { address, connection, stream: None, request, closing, response: Response::new() }
    }

    /// Opens the connection, if it is to stay open.
    pub(crate) async fn prepare(&mut self) -> io::Result<()> {
        if self.connection == Connection::KeepAlive {
            self.stream = Some(open(self.address).await?);
        }
        Ok(())
    }

    /// Sends the request and reads the answer.
    pub(crate) async fn exchange(&mut self) -> Result<Head, Lost> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(self.address).await?,
        };
        let request = match self.connection {
            Connection::KeepAlive => &self.request,
            Connection::PerRequest => {
                ask_to_close(&self.request, &mut self.closing);
                &self.closing
            }
        };
        stream.write_all(request).await?;
        self.response.clear();
        loop {
            let ended = stream.read_buf(self.response.room()).await? == 0;
            if let Some(head) = self.response.complete(ended)? {
                if !ended {
                    self.stream = Some(stream);
                }
                return Ok(head);
            }
        }
    }

    /// Waits until the server has closed the connection, where it is to be closed: so the server keeps what is left of it,
    /// as it does for clients on other machines, and the generator does not run out of ports.
    pub(crate) async fn settle(&mut self, closes: bool) {
        if (closes || self.connection == Connection::PerRequest)
            && let Some(mut stream) = self.stream.take()
        {
            let mut rest = [0; 64];
            while matches!(stream.read(&mut rest).await, Ok(1..)) {}
        }
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Adds the field behind the first line.
fn ask_to_close(request: &[u8], closing: &mut Vec<u8>) {
    let end = request.windows(END.len()).position(|window| window == END).unwrap_or(request.len());
    closing.clear();
    closing.extend_from_slice(&request[..end]);
    closing.extend_from_slice(CLOSE);
    closing.extend_from_slice(&request[end..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_to_close_stands_behind_the_first_line() {
        let mut closing = b"what was sent before".to_vec();
        ask_to_close(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &mut closing);
        assert_eq!(closing, b"GET / HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n");
    }
}
