//! Request bodies: JSON, forms, or nothing. `contracts/meet.md` §2.3.

use std::convert::Infallible;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, web};
use futures_util::{StreamExt as _, stream};
use multer::Multipart;

use crate::fields::{Fields, Given};
use crate::json::Json;
use crate::refusal::Refusal;

/// The most parts of a multipart form. No resource here has more than a handful of fields.
const MOST_PARTS: usize = 100;

/// A form in which a body can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    UrlEncoded,
    /// `multipart/form-data`
    Multipart,
}

impl MediaType {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
        }
    }
}

/// Reads the fields of a body of at most `limit` bytes and of one of the types `accepted`. An empty body has no fields,
/// whatever its type.
///
/// # Errors
/// 413 for a larger one, 415 for another media type, 400 for one that cannot be read or is no object.
pub async fn fields(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
    accepted: &[MediaType],
) -> Result<Fields, Refusal> {
    let body = read(request, payload, limit).await?;
    if body.is_empty() {
        return Ok(Fields::none());
    }
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match accepted.iter().find(|accepted| accepted.name().eq_ignore_ascii_case(essence)) {
        Some(MediaType::Json) => json(&body),
        Some(MediaType::UrlEncoded) => Ok(Fields::from_urlencoded(&body)),
        Some(MediaType::Multipart) => multipart(body, &content_type).await,
        None => Err(Refusal::UnsupportedMediaType(content_type.into_owned())),
    }
}

async fn read(request: &HttpRequest, mut payload: web::Payload, limit: usize) -> Result<Bytes, Refusal> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(Refusal::BodyTooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Refusal::Unreadable(format!("Request body error - {error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(Refusal::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn json(body: &[u8]) -> Result<Fields, Refusal> {
    // The parser gives up below 128 levels, so that no body overflows the stack.
    let value: Json = serde_json::from_slice(body)
        .map_err(|error| Refusal::Unreadable(format!("JSON parse error - {error}")))?;
    Ok(Fields::from_json(value)?)
}

async fn multipart(body: Bytes, content_type: &str) -> Result<Fields, Refusal> {
    let unreadable = |reason: &str| Refusal::Unreadable(format!("Multipart form parse error - {reason}"));
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| unreadable("Invalid boundary in multipart: None"))?;
    let mut multipart = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut given = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(|error| unreadable(&error.to_string()))? {
        if given.len() == MOST_PARTS {
            return Err(unreadable("too many fields"));
        }
        let (name, file) = (part.name().map(str::to_owned), part.file_name().map(str::to_owned));
        let bytes = part.bytes().await.map_err(|error| unreadable(&error.to_string()))?;
        let text = || Given::Json(Json::Text(String::from_utf8_lossy(&bytes).into_owned()));
        given.push((name.unwrap_or_default(), file.map_or_else(text, Given::File)));
    }
    Ok(Fields::from_form(given))
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest as _;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    const ALL: [MediaType; 3] = [MediaType::Json, MediaType::UrlEncoded, MediaType::Multipart];
    const LIMIT: usize = 16 * 1024;

    async fn sent(content_type: &str, body: &[u8], accepted: &[MediaType]) -> Result<Fields, Refusal> {
        let request =
            TestRequest::post().insert_header((CONTENT_TYPE, content_type)).set_payload(body.to_vec());
        let (request, mut payload) = request.to_http_parts();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        fields(&request, payload, LIMIT, accepted).await
    }

    fn text(text: &str) -> Given {
        Given::Json(Json::Text(text.to_owned()))
    }

    fn part(name: &str, value: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[rstest]
    #[case::json("application/json", "{\"a\":\"1\"}")]
    #[case::parameters("Application/JSON ; charset=utf-8", "{\"a\":\"1\"}")]
    #[case::urlencoded("application/x-www-form-urlencoded", "a=1")]
    #[case::multipart("multipart/form-data; boundary=x", &format!("{}--x--\r\n", part("a", "1")))]
    #[actix_web::test]
    async fn a_body_is_read_by_its_type(#[case] content_type: &str, #[case] body: &str) {
        let fields = sent(content_type, body.as_bytes(), &ALL).await.unwrap();
        assert_eq!(fields.required("a"), Some(&text("1")));
    }

    #[rstest]
    #[case::text("text/plain; charset=utf-8")]
    #[case::vendor("application/vnd.api+json")]
    #[case::none("")]
    #[case::not_accepted_here("application/x-www-form-urlencoded")]
    #[actix_web::test]
    async fn another_type_is_refused_unless_the_body_is_empty(#[case] content_type: &str) {
        let accepted = [MediaType::Json, MediaType::Multipart];
        let refused = sent(content_type, b"a", &accepted).await;
        assert_eq!(refused, Err(Refusal::UnsupportedMediaType(content_type.to_owned())));
        assert_eq!(sent(content_type, b"", &accepted).await, Ok(Fields::none()));
    }

    #[actix_web::test]
    async fn a_larger_body_is_refused() {
        let largest = vec![b'a'; LIMIT + 1];
        assert!(sent("application/x-www-form-urlencoded", &largest[1..], &ALL).await.is_ok());
        assert_eq!(
            sent("application/x-www-form-urlencoded", &largest, &ALL).await,
            Err(Refusal::BodyTooLarge)
        );
    }

    #[rstest]
    #[case::cut(b"{".as_slice())]
    #[case::blank(b" ")]
    #[case::single_quotes(b"{'a': 1}")]
    #[case::not_utf8(b"\xff")]
    #[case::not_utf8_inside(b"{\"a\": \"\xff\"}")]
    #[case::not_a_number(b"{\"a\": NaN}")]
    #[case::lone_surrogate(b"{\"a\": \"\\ud800\"}")]
    #[case::trailing(b"{} {}")]
    #[case::deep(&[b'['; LIMIT])]
    #[actix_web::test]
    async fn malformed_json_is_a_parse_error(#[case] body: &[u8]) {
        let refused = sent("application/json", body, &ALL).await;
        assert!(
            matches!(&refused, Err(Refusal::Unreadable(said)) if said.starts_with("JSON parse error - ")),
            "{refused:?}"
        );
    }

    #[actix_web::test]
    async fn a_json_body_has_to_be_an_object() {
        let refused = sent("application/json", b"[]", &ALL).await;
        assert!(matches!(refused, Err(Refusal::Fields(_))), "{refused:?}");
    }

    #[actix_web::test]
    async fn a_multipart_body_has_texts_and_files_and_the_last_of_a_name_counts() {
        let file =
            "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\nzzz\r\n--x--\r\n";
        let body = format!("{}{}{file}", part("a", "1"), part("a", "2"));
        let fields = sent("multipart/form-data; boundary=x", body.as_bytes(), &ALL).await.unwrap();
        assert_eq!(fields.required("a"), Some(&text("2")));
        assert_eq!(fields.required("f"), Some(&Given::File("n.txt".to_owned())));
    }

    #[rstest]
    #[case::no_boundary("multipart/form-data", "--x--", "Invalid boundary in multipart: None")]
    #[case::cut("multipart/form-data; boundary=x", &part("a", "1"), "")]
    #[case::nonsense("multipart/form-data; boundary=x", "hello", "")]
    #[case::too_many("multipart/form-data; boundary=x", &part("a", "1").repeat(101), "too many fields")]
    #[actix_web::test]
    async fn malformed_multipart_is_a_parse_error(
        #[case] content_type: &str,
        #[case] body: &str,
        #[case] reason: &str,
    ) {
        let refused = sent(content_type, body.as_bytes(), &ALL).await;
        let expected = format!("Multipart form parse error - {reason}");
        assert!(
            matches!(&refused, Err(Refusal::Unreadable(said)) if said.starts_with(&expected)),
            "{refused:?}"
        );
    }
}
