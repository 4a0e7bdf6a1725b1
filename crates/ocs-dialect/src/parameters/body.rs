//! Reading a body by its media type and the method.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web;
use serde_json::Value;

use super::pairs;
use crate::error::OcsError;

/// The parameters of a body, by what they beat.
pub(super) enum Read {
    /// The query only.
    Weak(Vec<(String, Value)>),
    /// Everything.
    Strong(Vec<(String, Value)>),
}

pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<Read, OcsError> {
    let body = payload.to_bytes_limited(limit).await.map_err(|_| OcsError::TooLarge)?;
    // A body that breaks off is as none: nobody is left to read the answer.
    let body = body.unwrap_or_default();
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if is_json(&essence) {
        return Ok(Read::Strong(members(&body)));
    }
    if essence != "application/x-www-form-urlencoded" {
        return Ok(Read::Weak(Vec::new()));
    }
    let form = || pairs::read(&body).into_iter().collect();
    Ok(match *request.method() {
        Method::POST => Read::Weak(form()),
        Method::PUT | Method::DELETE => Read::Strong(form()),
        _ => Read::Weak(Vec::new()),
    })
}

fn is_json(essence: &str) -> bool {
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// What cannot be parsed has no parameters. The parser gives up below 128 levels, so that no body overflows the stack.
fn members(body: &[u8]) -> Vec<(String, Value)> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members.into_iter().collect(),
        _ => Vec::new(),
    }
}
