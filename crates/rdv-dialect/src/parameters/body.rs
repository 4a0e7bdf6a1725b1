//! Reading a body by its media type.

use std::convert::Infallible;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use futures_util::stream;
use multer::Multipart;
use serde_json::Value;

use super::BodyLimit;
use crate::error::RdvError;

/// The most parts of a multipart form. No endpoint here knows more than a handful of parameters.
const MOST_PARTS: usize = 100;

/// The names under which the original knows JSON.
const JSON: [&str; 4] =
    ["application/json", "text/x-json", "application/jsonrequest", "application/vnd.api+json"];

/// The parameters of a body. An empty one, and one of another type, has none.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    BodyLimit(limit): BodyLimit,
) -> Result<Vec<(String, Value)>, RdvError> {
    let body = payload.to_bytes_limited(limit).await.map_err(|_| RdvError::TooLarge)?;
    let body = body.map_err(|_| RdvError::BadJson)?;
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        json if JSON.contains(&json) => {
            // The parser gives up below 128 levels, so that no body overflows the stack.
            Ok(members(serde_json::from_slice(&body).map_err(|_| RdvError::BadJson)?))
        }
        "application/x-www-form-urlencoded" => Ok(form(&body)),
        "multipart/form-data" => multipart(body, &content_type).await.ok_or(RdvError::BadJson),
        _ => Ok(Vec::new()),
    }
}

/// The members of an object.
pub(super) fn members(value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(members) => members.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The pairs of a query string or an urlencoded form.
pub(super) fn form(pairs: &[u8]) -> Vec<(String, Value)> {
    let pairs = form_urlencoded::parse(pairs).into_owned();
    pairs.map(|(name, value)| (name, Value::String(value))).collect()
}

/// The text fields of a multipart form; files are none.
async fn multipart(body: Bytes, content_type: &str) -> Option<Vec<(String, Value)>> {
    let boundary = multer::parse_boundary(content_type).ok()?;
    let mut multipart = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let (mut given, mut parts) = (Vec::new(), 0);
    while let Some(part) = multipart.next_field().await.ok()? {
        parts += 1;
        if parts > MOST_PARTS {
            return None;
        }
        let name = part.name().filter(|_| part.file_name().is_none()).map(str::to_owned);
        let bytes = part.bytes().await.ok()?;
        given.extend(name.map(|name| (name, Value::String(String::from_utf8_lossy(&bytes).into_owned()))));
    }
    Some(given)
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest as _;
    use actix_web::http::header::CONTENT_TYPE;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use crate::error::RdvError;
    use crate::parameters::{BodyLimit, Parameters};

    async fn sent(uri: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Result<Parameters, RdvError> {
        let request = TestRequest::delete().uri(uri).insert_header((CONTENT_TYPE, content_type));
        let (request, mut payload) = request.set_payload(body.into()).to_http_parts();
        Parameters::from_request(&request, &mut payload).await
    }

    fn part(name: &str, value: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[rstest]
    #[case::json("application/json", "{\"a\":\"1\"}")]
    #[case::charset("Application/JSON ; charset=utf-8", "{\"a\":\"1\"}")]
    #[case::api("application/vnd.api+json", "{\"a\":\"1\"}")]
    #[case::urlencoded("application/x-www-form-urlencoded", "a=0&a=1")]
    #[case::multipart("multipart/form-data; boundary=x", &format!("{}{}--x--\r\n", part("a", "0"), part("a", "1")))]
    #[actix_web::test]
    async fn the_body_wins_over_the_query(#[case] content_type: &str, #[case] body: &str) {
        let parameters = sent("/?a=query&b=query", content_type, body).await.unwrap();
        assert_eq!((parameters.text("a"), parameters.text("b")), (Some("1"), Some("query")));
    }

    #[rstest]
    #[case::nothing("application/json", "")]
    #[case::no_object("application/json", "[\"a\"]")]
    #[case::null("application/json", "null")]
    #[case::plain("text/plain", "a=1")]
    #[case::untyped("", "{\"a\":1}")]
    #[actix_web::test]
    async fn a_body_without_parameters_leaves_those_of_the_query(
        #[case] content_type: &str,
        #[case] body: &str,
    ) {
        assert_eq!(sent("/?a=2", content_type, body).await.unwrap(), Parameters::from_query("a=2"));
    }

    #[rstest]
    #[case::cut("{")]
    #[case::blank(" ")]
    #[case::quotes("{'a': 1}")]
    #[case::trailing("{} {}")]
    #[case::deep(&"[".repeat(30_000))]
    #[actix_web::test]
    async fn json_that_cannot_be_parsed_is_refused(#[case] body: &str) {
        assert!(matches!(sent("/", "application/json", body).await, Err(RdvError::BadJson)));
    }

    #[rstest]
    #[case::no_boundary("multipart/form-data", "--x--".to_owned())]
    #[case::cut("multipart/form-data; boundary=x", part("a", "1"))]
    #[case::too_many("multipart/form-data; boundary=x", format!("{}--x--\r\n", part("a", "1").repeat(101)))]
    #[actix_web::test]
    async fn a_broken_form_is_refused(#[case] content_type: &str, #[case] body: String) {
        assert!(matches!(sent("/", content_type, body).await, Err(RdvError::BadJson)));
    }

    #[actix_web::test]
    async fn a_file_is_no_parameter() {
        let file =
            "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n\r\nz\r\n--x--\r\n";
        let parameters = sent("/", "multipart/form-data; boundary=x", file).await.unwrap();
        assert_eq!(parameters, Parameters::default());
    }

    #[actix_web::test]
    async fn a_larger_body_is_refused() {
        let BodyLimit(limit) = BodyLimit::default();
        assert!(sent("/", "text/plain", vec![b'a'; limit]).await.is_ok());
        let refused = sent("/", "text/plain", vec![b'a'; limit + 1]).await;
        assert!(matches!(refused, Err(RdvError::TooLarge)));
    }
}
