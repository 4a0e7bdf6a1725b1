//! Answers as they come over the wire: taken apart without a copy of the body, where it comes in one piece.

use std::ops::Range;

/// More fields than any answer has.
const MOST_FIELDS: usize = 64;
/// Octets that are read at once at least.
const ROOM: usize = 16 * 1024;

/// What is known of an answer once its head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    /// Whether the server says when to come back.
    pub(crate) has_retry_after: bool,
    /// Whether the server closes the connection after the answer.
    pub(crate) closes: bool,
    body: Body,
    length: usize,
}

/// How the end of the body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Length(usize),
    Chunked,
    UntilClosed,
}

/// No answer of HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One answer, as far as it has come.
#[derive(Debug)]
pub(crate) struct Response {
    /// What has come.
    received: Vec<u8>,
    head: Option<Head>,
    body: Range<usize>,
    /// Chunks put together.
    joined: Vec<u8>,
}

impl Response {
    /// Room for an answer.
    pub(crate) fn new() -> Self {
        Self { received: Vec::with_capacity(ROOM), head: None, body: 0..0, joined: Vec::new() }
    }

    /// Where the next octets go.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        self.received.reserve(ROOM);
        &mut self.received
    }

    /// Makes room for the next one.
    pub(crate) fn clear(&mut self) {
        self.received.clear();
        self.head = None;
    }

    /// The head, once the whole answer is here. `ended`: nothing more will come.
    pub(crate) fn complete(&mut self, ended: bool) -> Result<Option<Head>, Malformed> {
        let head = match self.head {
            Some(head) => head,
            None => match parse(&self.received)? {
                Some(head) => *self.head.insert(head),
                None if ended => return Err(Malformed),
                None => return Ok(None),
            },
        };
        let is_complete = match head.body {
            Body::Length(length) => self.take(head.length, length),
            Body::Chunked => {
                self.joined.clear();
                join(&self.received[head.length..], &mut self.joined)?
            }
            Body::UntilClosed => ended && self.take(head.length, self.received.len() - head.length),
        };
        if ended && !is_complete {
            return Err(Malformed);
        }
        Ok(is_complete.then_some(head))
    }

    /// Whether the body is there: `length` octets from `start`.
    fn take(&mut self, start: usize, length: usize) -> bool {
        self.body = start..start + length;
        self.received.len() >= self.body.end
    }

    /// The body of a complete answer.
    pub(crate) fn body(&self) -> &[u8] {
        match self.head {
            Some(Head { body: Body::Chunked, .. }) => &self.joined,
            _ => self.received.get(self.body.clone()).unwrap_or_default(),
        }
    }
}

/// Reads the head; `None` when it has not come as a whole.
fn parse(received: &[u8]) -> Result<Option<Head>, Malformed> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = response.parse(received).map_err(|_| Malformed)? else {
        return Ok(None);
    };
    let status = response.code.ok_or(Malformed)?;
    let mut head = Head { status, has_retry_after: false, closes: false, body: Body::UntilClosed, length };
    for field in response.headers.iter() {
        match field.name {
            name if name.eq_ignore_ascii_case("content-length") => {
                let text = std::str::from_utf8(field.value).map_err(|_| Malformed)?;
                head.body = Body::Length(text.trim().parse().map_err(|_| Malformed)?);
            }
            name if name.eq_ignore_ascii_case("transfer-encoding") => head.body = Body::Chunked,
            name if name.eq_ignore_ascii_case("connection") => {
                head.closes = field.value.eq_ignore_ascii_case(b"close");
            }
            name if name.eq_ignore_ascii_case("retry-after") => head.has_retry_after = true,
            _ => {}
        }
    }
    if matches!(status, 204 | 304) {
        head.body = Body::Length(0);
    }
    head.closes |= head.body == Body::UntilClosed;
    Ok(Some(head))
}

/// Puts chunks together; whether the last one and the empty line after it are there.
fn join(mut chunks: &[u8], joined: &mut Vec<u8>) -> Result<bool, Malformed> {
    loop {
        let httparse::Status::Complete((start, size)) =
            httparse::parse_chunk_size(chunks).map_err(|_| Malformed)?
        else {
            return Ok(false);
        };
        let size = usize::try_from(size).map_err(|_| Malformed)?;
        // Trailers are not something that our servers send.
        let Some(rest) = chunks.get(start..).filter(|rest| rest.len() >= size + 2) else { return Ok(false) };
        if &rest[size..size + 2] != b"\r\n" {
            return Err(Malformed);
        }
        if size == 0 {
            return Ok(true);
        }
        joined.extend_from_slice(&rest[..size]);
        chunks = &rest[size + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nWiki\r\nA\r\npedia, the\r\n0\r\n\r\n";

    /// Feeds the answer in pieces of every size; what comes out must not depend on it.
    fn read(answer: &[u8], closed: bool) -> Result<(Head, Vec<u8>), Malformed> {
        let mut outcomes: Vec<_> = (1..=answer.len()).map(|size| read_by(answer, size, closed)).collect();
        let first = outcomes.swap_remove(0);
        assert!(outcomes.iter().all(|outcome| *outcome == first), "{outcomes:?}");
        first
    }

    fn read_by(answer: &[u8], size: usize, closed: bool) -> Result<(Head, Vec<u8>), Malformed> {
        let mut response = Response::new();
        for piece in answer.chunks(size) {
            assert_eq!(response.complete(false)?, None, "complete before its end");
            response.received.extend_from_slice(piece);
        }
        match response.complete(closed)? {
            Some(head) => Ok((head, response.body().to_vec())),
            None => Err(Malformed),
        }
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        let (head, body) = read(PLAIN, false).unwrap();
        assert_eq!((head.status, head.closes, body.as_slice()), (200, false, b"hello".as_slice()));
    }

    #[test]
    fn chunks_become_one_body() {
        let (head, body) = read(CHUNKED, false).unwrap();
        assert_eq!((head.closes, body.as_slice()), (false, b"Wikipedia, the".as_slice()));
        assert_eq!(
            read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", false),
            Err(Malformed)
        );
    }

    #[test]
    fn without_either_the_body_ends_with_the_connection() {
        let (head, body) = read(b"HTTP/1.0 200 OK\r\n\r\nall of it", true).unwrap();
        assert_eq!((head.closes, body.as_slice()), (true, b"all of it".as_slice()));
    }

    #[test]
    fn no_content_has_no_body_to_wait_for() {
        let (head, body) = read(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n", false).unwrap();
        assert_eq!((head.status, head.closes, body.len()), (204, false, 0));
    }

    #[test]
    fn the_server_may_close_and_may_say_when_to_come_back() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n";
        let (head, _) = read(answer, false).unwrap();
        assert_eq!((head.status, head.has_retry_after, head.closes), (503, true, true));
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        for answer in [&PLAIN[..PLAIN.len() - 1], &PLAIN[..20], &CHUNKED[..CHUNKED.len() - 3], b""] {
            let mut response = Response::new();
            response.received.extend_from_slice(answer);
            assert_eq!(response.complete(true), Err(Malformed), "{answer:?}");
        }
        assert_eq!(read(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", true), Err(Malformed));
    }

    #[test]
    fn the_next_answer_begins_anew() {
        let mut response = Response::new();
        response.received.extend_from_slice(CHUNKED);
        assert!(response.complete(false).unwrap().is_some());
        response.clear();
        assert_eq!(response.complete(false), Ok(None));
        response.received.extend_from_slice(PLAIN);
        assert!(response.complete(false).unwrap().is_some());
        assert_eq!(response.body(), b"hello");
    }
}
