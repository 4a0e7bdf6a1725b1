//! One name for a request, in the response, the logs and the audit trail.

use std::{
    cell::Cell,
    convert::Infallible,
    fmt,
    future::Ready,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use uuid::{Builder, Uuid};

use crate::trusted_proxies::only;

/// The header that carries the id, in requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 64;

thread_local! {
    /// What this thread's ids have behind the time: a random start, and one more each time. Random bytes for each id would be a
    /// system call for each request.
    static NEXT: Cell<u128> = Cell::new(Uuid::new_v4().as_u128());
}

/// The id of a request: the client's if it is well-formed (1–64 of `A–Z a–z 0–9 . _ -`), else a new UUID v7.
///
/// It is a name, not a credential: a client may choose one and repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id that the headers give, or a new one.
    #[must_use]
    pub fn accept(headers: &HeaderMap) -> Self {
        only(headers, &HEADER)
            .filter(|id| is_well_formed(id))
            .map_or_else(Self::generate, |id| Self(id.into()))
    }

    /// The id of a request that is being served.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        if let Some(id) = request.extensions().get::<Self>() {
            return id.clone();
        }
        // Not behind the server's middleware, as in a unit test; from here on it keeps this one.
        let id = Self::accept(request.headers());
        request.extensions_mut().insert(id.clone());
        id
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn generate() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut unique = [0; 10];
        let next = NEXT.replace(NEXT.get().wrapping_add(1)).to_be_bytes();
        unique.copy_from_slice(&next[next.len() - 10..]);
        let id =
            Builder::from_unix_timestamp_millis(u64::try_from(now).unwrap_or(u64::MAX), &unique).into_uuid();
        let mut buffer = Uuid::encode_buffer();
        let id: &str = id.hyphenated().encode_lower(&mut buffer);
        Self(id.into())
    }

    pub(crate) fn header_value(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self::of(request)))
    }
}

fn is_well_formed(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn accept(values: &[&[u8]]) -> RequestId {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        RequestId::accept(&headers)
    }

    #[rstest]
    #[case(b"a")]
    #[case(b"0190c5b2-9d3a-7c1e-8000-0123456789ab")]
    #[case(&[b'x'; 64])]
    #[case(b"A.b_c-9")]
    fn a_well_formed_id_is_kept(#[case] id: &[u8]) {
        assert_eq!(accept(&[id]).as_str().as_bytes(), id);
    }

    #[rstest]
    #[case(&[])]
    #[case(&[b"".as_slice()])]
    #[case(&[[b'x'; 65].as_slice()])]
    #[case(&[b"a b".as_slice()])]
    #[case(&[b"a\"}".as_slice()])]
    #[case(&[b"a\x80".as_slice()])]
    #[case(&[b"<script>".as_slice()])]
    #[case(&[b"a".as_slice(), b"b"])]
    fn anything_else_gives_a_new_uuid_v7(#[case] values: &[&[u8]]) {
        let id: Uuid = accept(values).as_str().parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_ne!(accept(values), accept(values));
    }
}
