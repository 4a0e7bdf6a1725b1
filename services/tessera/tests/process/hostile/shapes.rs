//! Requests that resemble real ones, and are wrong in some places.

mod bodies;
mod heads;

use proptest::collection::vec;
use proptest::prelude::*;

use super::targets::Target;

/// A request, piece by piece; each piece may hold anything.
#[derive(Clone, Debug)]
pub(super) struct Request {
    method: String,
    target: Vec<u8>,
    headers: Vec<(&'static str, Text)>,
    body: Text,
    framing: Framing,
}

/// Bytes that are shown as text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) Vec<u8>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.0.get(..200).unwrap_or(&self.0);
        write!(f, "{} bytes \"{}\"", self.0.len(), shown.escape_ascii())
    }
}

impl<T: AsRef<[u8]>> From<T> for Text {
    fn from(bytes: T) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

/// How the body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    /// As `Length`, and less or more than that follows.
    WrongLength(i8),
    /// No length at all.
    Absent,
    /// Two lengths, a negative one, or a length beside chunks (request smuggling).
    Contradictory(u8),
    /// Chunks that are none.
    BrokenChunks,
}

impl Request {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(&value.0);
            bytes.extend_from_slice(b"\r\n");
        }
        self.append_body(&mut bytes);
        bytes
    }

    fn append_body(&self, bytes: &mut Vec<u8>) {
        let (body, length) = (&self.body.0, self.body.0.len());
        let head = match self.framing {
            Framing::Length => format!("Content-Length: {length}\r\n"),
            Framing::Chunked | Framing::BrokenChunks => "Transfer-Encoding: chunked\r\n".to_owned(),
            Framing::WrongLength(by) => {
                format!("Content-Length: {}\r\n", length.saturating_add_signed(by.into()))
            }
            Framing::Absent => String::new(),
            Framing::Contradictory(0) => format!("Content-Length: {length}\r\nContent-Length: 7\r\n"),
            Framing::Contradictory(1) => "Content-Length: -1\r\n".to_owned(),
            Framing::Contradictory(_) => {
                format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n")
            }
        };
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        match self.framing {
            Framing::Chunked => {
                for piece in body.chunks(1000) {
                    bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                    bytes.extend_from_slice(piece);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
            Framing::BrokenChunks => bytes.extend_from_slice(b"zz\r\n{}\r\nffffffffffffffffff\r\n"),
            _ => bytes.extend_from_slice(body),
        }
    }

    /// Whether a server has to answer: everything is in the form that HTTP asks for, whatever it means.
    pub(super) fn is_wellformed(&self) -> bool {
        let plain = |byte: &u8| (0x21..0x7f).contains(byte);
        matches!(self.framing, Framing::Length | Framing::Chunked)
            && self.method.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !self.method.is_empty()
            && self.target.first() == Some(&b'/')
            && self.target.iter().all(plain)
            && self.headers.iter().all(|(_, value)| value.0.iter().all(|byte| plain(byte) || *byte == b' '))
            && self.bytes().len() < 16 * 1024
    }
}

/// Requests to this process.
pub(super) fn request(target: &Target) -> impl Strategy<Value = Request> + use<> {
    let line = heads::line(target.routes.clone(), target.ids.clone());
    let body = bodies::any(target.tokens.clone(), target.forms);
    (line, heads::query(), headers(target), body, framing()).prop_map(
        |((method, path), query, headers, (kind, body), framing)| {
            let mut all = vec![("Host", "x".into()), ("Connection", "close".into())];
            all.extend(headers);
            all.extend(kind.map(|kind| ("Content-Type", kind)));
            Request { method, target: [path, query].concat(), headers: all, body, framing }
        },
    )
}

fn headers(target: &Target) -> impl Strategy<Value = Vec<(&'static str, Text)>> + use<> {
    let (credentials, needed) = (heads::credentials(target), target.header);
    let others = prop_oneof![2 => Just(Vec::new()), 1 => vec(heads::header(), 1..4)];
    (credentials, others, prop::bool::weighted(0.9)).prop_map(move |(mut credentials, headers, is_there)| {
        credentials.extend(needed.filter(|_| is_there).map(|(name, value)| (name, value.into())));
        credentials.extend(headers);
        credentials
    })
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![
        60 => Just(Framing::Length),
        6 => Just(Framing::Chunked),
        1 => any::<i8>().prop_map(Framing::WrongLength),
        1 => Just(Framing::Absent),
        1 => (0..3_u8).prop_map(Framing::Contradictory),
        1 => Just(Framing::BrokenChunks),
    ]
}
