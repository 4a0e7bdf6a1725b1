//! Parameters of a body.

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream;

use super::places::in_pairs;
use super::value::{self, Values};

/// As much of a body is kept to look for the three values; a longer one has none.
pub(super) const LONGEST_BODY: usize = 64 * 1024;

/// How a body's parameters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Pairs,
}

impl Form {
    /// The form of a body that is worth reading: of a form with parameters, not encoded any further, and not longer than
    /// the limit as far as it says.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if headers.contains_key(CONTENT_ENCODING)
            || length.is_some_and(|length: u64| length > LONGEST_BODY as u64)
        {
            return None;
        }
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        let is = |known: &str| media_type.eq_ignore_ascii_case(known);
        if is("application/json") {
            Some(Self::Json)
        } else if is("application/x-www-form-urlencoded") {
            Some(Self::Pairs)
        } else {
            None
        }
    }

    /// The values in a body of this form; none in one that cannot be read, which is for the handler to say.
    pub(super) fn values(self, body: &[u8]) -> Values {
        match self {
            Self::Json => value::in_json(body).unwrap_or_default(),
            Self::Pairs => in_pairs(body),
        }
    }
}

/// What was read of a payload, and what is left of it.
pub(super) struct Read {
    kept: BytesMut,
    over: Option<Result<Bytes, PayloadError>>,
    rest: Payload,
}

impl Read {
    /// Reads until the end or the limit, whichever comes first.
    pub(super) async fn from(mut payload: Payload) -> Self {
        let (mut kept, mut over) = (BytesMut::new(), None);
        while let Some(chunk) = payload.next().await {
            match chunk {
                Ok(chunk) if kept.len() + chunk.len() <= LONGEST_BODY => kept.extend_from_slice(&chunk),
                other => {
                    over = Some(other);
                    break;
                }
            }
        }
        Self { kept, over, rest: payload }
    }

    /// The whole body, if it came to its end within the limit.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        self.over.is_none().then_some(&self.kept)
    }

    /// The payload as it was before, for whoever reads it next.
    pub(super) fn into_payload(self) -> Payload {
        let kept = (!self.kept.is_empty()).then(|| Ok(self.kept.freeze()));
        let Some(over) = self.over else {
            return Payload::from(stream::iter(kept).boxed_local());
        };
        Payload::from(stream::iter(kept.into_iter().chain([over])).chain(self.rest).boxed_local())
    }
}
