//! Where the three values are looked for, and what comes of it.

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::value::{self, NAMES, Value, Values};
use super::{DeviceTriple, UNNAMED_CLIENT};

/// A longer chunk of an `Authorization` header is not looked into.
const LONGEST_CHUNK: usize = 16 * 1024;

/// What a middleware found in the body, in the extensions of its request.
pub(super) struct InBody(pub(super) Values);

/// The three values of a request.
pub(super) struct Found(Values);

impl Found {
    /// Looks for each of them in all places.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let mut values = in_headers(request.headers());
        if let Some(InBody(in_body)) = request.extensions().get() {
            fill(&mut values, || in_body.clone());
        }
        fill(&mut values, || in_query(request.query_string()));
        fill(&mut values, || in_authorization(request.headers()));
        Self(values)
    }

    /// Whether any of the three is there, usable or not.
    pub(super) fn is_offered(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    pub(super) fn has_access_token(&self) -> bool {
        self.0.first().is_some_and(Option::is_some)
    }

    pub(super) fn triple(&self) -> Option<DeviceTriple> {
        let text = |value: &Option<Value>| match value {
            Some(Value::Text(text)) => Some(text.clone()),
            Some(Value::Unusable) | None => None,
        };
        let [access_token, client, uid] = &self.0;
        let client = if client.is_none() { Some(UNNAMED_CLIENT.to_owned()) } else { text(client) };
        Some(DeviceTriple { access_token: text(access_token)?, client: client?, uid: text(uid)? })
    }
}

/// Takes from the next place what no earlier one had; looks there only if something is amiss.
fn fill(values: &mut Values, place: impl FnOnce() -> Values) {
    if values.iter().all(Option::is_some) {
        return;
    }
    for (value, next) in values.iter_mut().zip(place()) {
        *value = value.take().or(next);
    }
}

/// §4.2, place 1. A header that is repeated has no value anybody could mean.
pub(super) fn in_headers(headers: &HeaderMap) -> Values {
    NAMES.map(|name| {
        let mut values = headers.get_all(name);
        let value = values.next()?;
        let text = std::str::from_utf8(value.as_bytes()).ok().filter(|_| values.next().is_none());
        Some(text.map_or(Value::Unusable, Value::of))
    })
}

/// §4.2, place 2, the query string.
fn in_query(query: &str) -> Values {
    in_pairs(query.as_bytes())
}

/// Pairs in the form of query strings; of several with one name the last counts, as in Rack.
pub(super) fn in_pairs(pairs: &[u8]) -> Values {
    let mut values = Values::default();
    for (name, text) in form_urlencoded::parse(pairs) {
        let position = value::position(&name);
        if let Some(value) = position.and_then(|position| values.get_mut(position)) {
            // What is no UTF-8 was replaced by this character.
            let broken = text.contains(char::REPLACEMENT_CHARACTER);
            *value = Some(if broken { Value::Unusable } else { Value::of(text) });
        }
    }
    values
}

/// §4.3: the last chunk of the header, whatever scheme stands before it. A header that is repeated is none.
fn in_authorization(headers: &HeaderMap) -> Values {
    let mut lines = headers.get_all(AUTHORIZATION);
    let line = lines.next().filter(|_| lines.next().is_none());
    let chunk =
        line.and_then(|line| line.as_bytes().split(u8::is_ascii_whitespace).rfind(|chunk| !chunk.is_empty()));
    chunk.and_then(in_chunk).unwrap_or_default()
}

/// Strict standard base64 of a JSON object.
fn in_chunk(chunk: &[u8]) -> Option<Values> {
    if chunk.len() > LONGEST_CHUNK {
        return None;
    }
    value::in_json(&STANDARD.decode(chunk).ok()?)
}

/// Whether a Bearer token is an object of §4.3 that holds any of the three. A JWT has dots, which base64 has not: it
/// costs one look at its beginning.
pub(super) fn may_hold_values(token: &str) -> bool {
    // Base64 of `{`, with blanks before it or without.
    !token.contains('.')
        && in_chunk(token.as_bytes()).is_some_and(|values| values.iter().any(Option::is_some))
}
