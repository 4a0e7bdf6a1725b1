//! Reading a body by its content type.

use std::convert::Infallible;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use futures_util::stream;
use multer::Multipart;

use super::{BodyLimit, Parameters};
use crate::error::SeaTableError;

/// The most parts of a multipart form. No endpoint here knows more than a handful of parameters.
const MOST_PARTS: usize = 100;

/// The most pairs of a form: each takes many times the octets that it is sent in.
const MOST_PAIRS: usize = 1000;

/// An empty body has no parameters, whatever it calls itself: the Python client calls every request JSON.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    BodyLimit(limit): BodyLimit,
) -> Result<Parameters, SeaTableError> {
    let body = payload.to_bytes_limited(limit).await.map_err(|_| SeaTableError::too_large())?;
    let body = body.map_err(|error| SeaTableError::parse("Request body", error))?;
    if body.is_empty() {
        return Ok(Parameters::default());
    }
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        // The parser gives up below 128 levels, so that no body overflows the stack.
        "application/json" => serde_json::from_slice(&body)
            .map(Parameters::from_json)
            .map_err(|error| SeaTableError::parse("JSON", error)),
        "application/x-www-form-urlencoded" => form(&body),
        "multipart/form-data" => multipart(body, &content_type).await,
        _ => Err(SeaTableError::unsupported_media_type(&content_type)),
    }
}

fn form(body: &[u8]) -> Result<Parameters, SeaTableError> {
    if form_urlencoded::parse(body).nth(MOST_PAIRS).is_some() {
        return Err(SeaTableError::parse("Form", "too many fields"));
    }
    Ok(Parameters::from_pairs(form_urlencoded::parse(body).into_owned()))
}

/// The text fields of a multipart form; files are none.
async fn multipart(body: Bytes, content_type: &str) -> Result<Parameters, SeaTableError> {
    let unreadable = |error: multer::Error| SeaTableError::parse("Multipart form", error);
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let mut multipart = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let (mut given, mut parts) = (Vec::new(), 0);
    while let Some(part) = multipart.next_field().await.map_err(unreadable)? {
        parts += 1;
        if parts > MOST_PARTS {
            return Err(SeaTableError::parse("Multipart form", "too many fields"));
        }
        let name = part.name().filter(|_| part.file_name().is_none()).map(str::to_owned);
        let bytes = part.bytes().await.map_err(unreadable)?;
        given.extend(name.map(|name| (name, String::from_utf8_lossy(&bytes).into_owned())));
    }
    Ok(Parameters::from_pairs(given))
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest as _;
    use actix_web::ResponseError as _;
    use actix_web::body::to_bytes;
    use actix_web::http::header::CONTENT_TYPE;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use crate::error::SeaTableError;
    use crate::parameters::{BodyLimit, Parameters};

    async fn sent(content_type: &str, body: impl Into<Vec<u8>>) -> Result<Parameters, SeaTableError> {
        let request = TestRequest::delete().uri("/?a=query").insert_header((CONTENT_TYPE, content_type));
        let (request, mut payload) = request.set_payload(body.into()).to_http_parts();
        Parameters::from_request(&request, &mut payload).await
    }

    async fn refused(content_type: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
        let response = sent(content_type, body).await.expect_err("a refusal").error_response();
        let status = response.status().as_u16();
        (status, String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap())
    }

    fn part(name: &str, value: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[rstest]
    #[case::json("application/json", "{\"a\":\"0\",\"a\":\"1 é\"}")]
    #[case::charset("Application/JSON ; charset=utf-8", "{\"a\":\"1 é\"}")]
    #[case::urlencoded("application/x-www-form-urlencoded", "a=0&a=1+%C3%A9")]
    #[case::multipart("multipart/form-data; boundary=x", &format!("{}{}--x--\r\n", part("a", "0"), part("a", "1 é")))]
    #[actix_web::test]
    async fn a_body_is_read_by_its_type(#[case] content_type: &str, #[case] body: &str) {
        assert_eq!(sent(content_type, body).await.unwrap().text("a"), Some("1 é"));
    }

    #[rstest]
    #[actix_web::test]
    async fn an_empty_body_has_no_parameters_and_neither_has_the_query(
        #[values("application/json", "multipart/form-data", "text/plain", "")] content_type: &str,
    ) {
        assert_eq!(sent(content_type, "").await.unwrap(), Parameters::default());
    }

    #[rstest]
    #[case::cut("{")]
    #[case::blank(" ")]
    #[case::quotes("{'a': 1}")]
    #[case::trailing("{} {}")]
    #[case::deep(&"[".repeat(30_000))]
    #[actix_web::test]
    async fn json_that_cannot_be_parsed_is_refused(#[case] body: &str) {
        let (status, body) = refused("application/json", body).await;
        assert_eq!(status, 400);
        assert!(body.starts_with(r#"{"detail":"JSON parse error - "#), "{body}");
    }

    #[rstest]
    #[case::plain("text/plain", r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#)]
    #[case::charset(
        "text/plain; charset=utf-8",
        r#"{"detail":"Unsupported media type \"text/plain; charset=utf-8\" in request."}"#
    )]
    #[case::none("", r#"{"detail":"Unsupported media type \"\" in request."}"#)]
    #[actix_web::test]
    async fn another_type_is_refused(#[case] content_type: &str, #[case] body: &str) {
        assert_eq!(refused(content_type, "a=1").await, (415, body.to_owned()));
    }

    #[rstest]
    #[case::no_boundary("multipart/form-data", "--x--".to_owned())]
    #[case::cut("multipart/form-data; boundary=x", part("a", "1"))]
    #[case::too_many("multipart/form-data; boundary=x", format!("{}--x--\r\n", part("a", "1").repeat(101)))]
    #[actix_web::test]
    async fn a_broken_form_is_refused(#[case] content_type: &str, #[case] body: String) {
        let (status, body) = refused(content_type, body).await;
        assert_eq!(status, 400);
        assert!(body.starts_with(r#"{"detail":"Multipart form parse error - "#), "{body}");
    }

    /// Threat 18: a mebibyte of short pairs would take forty of memory.
    #[actix_web::test]
    async fn threat_18_a_form_has_a_bounded_number_of_pairs() {
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(sent(kind, "a=1&".repeat(1000)).await.unwrap().list("a").len(), 1000);
        let (status, body) = refused(kind, "a=1&".repeat(1001)).await;
        assert_eq!((status, body.as_str()), (400, r#"{"detail":"Form parse error - too many fields"}"#));
    }

    #[actix_web::test]
    async fn a_file_is_no_parameter() {
        let file =
            "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n\r\nz\r\n--x--\r\n";
        assert_eq!(sent("multipart/form-data; boundary=x", file).await.unwrap(), Parameters::default());
    }

    #[actix_web::test]
    async fn a_larger_body_is_refused() {
        let BodyLimit(limit) = BodyLimit::default();
        assert!(sent("application/x-www-form-urlencoded", vec![b'a'; limit]).await.is_ok());
        let refused = refused("application/x-www-form-urlencoded", vec![b'a'; limit + 1]).await;
        assert_eq!(refused, (413, r#"{"detail":"Request body is too large."}"#.to_owned()));
    }
}
