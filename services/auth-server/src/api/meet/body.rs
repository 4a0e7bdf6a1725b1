//! The three body types of the Meet token route (`contracts/meet.md` §2.3).
//!
//! Unlike the OAuth endpoints this dialect repairs what it can: the last of several fields of a name counts, broken
//! percent sequences stand for themselves, bytes that are not UTF-8 become replacement characters.

use std::convert::Infallible;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, web};
use futures_util::stream;
use serde_json::Value;

use super::error::MeetError;
use crate::domain::fields::{Fields, Given};

/// The largest body the route reads.
const LARGEST_BODY: usize = 64 * 1024;

/// Reads the fields of the body, whatever its type.
///
/// # Errors
/// 415 for another type, 400 for a body that does not parse or is not an object, 413 for one that is too large.
pub(super) async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Fields, MeetError> {
    let read = payload.to_bytes_limited(LARGEST_BODY).await.map_err(|_| MeetError::TooLarge)?;
    let body =
        read.map_err(|_| MeetError::Parse("JSON parse error - the body could not be read".to_owned()))?;
    if body.is_empty() {
        return Ok(Fields::new());
    }
    let raw = request.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let raw = raw.unwrap_or_default();
    let essence = raw.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => json(&body),
        "application/x-www-form-urlencoded" => Ok(form(&body)),
        "multipart/form-data" => multipart(&raw, body).await,
        _ => Err(MeetError::MediaType(raw.into_owned())),
    }
}

fn json(body: &[u8]) -> Result<Fields, MeetError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| MeetError::Parse(format!("JSON parse error - {error}")))?;
    let other = match value {
        Value::Object(members) => {
            return Ok(members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect());
        }
        Value::Null => return Err(MeetError::NonField("No data provided".to_owned())),
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
    };
    Err(MeetError::NonField(format!("Invalid data. Expected a dictionary, but got {other}.")))
}

fn form(body: &[u8]) -> Fields {
    form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Given::Json(Value::String(value.into_owned()))))
        .collect()
}

async fn multipart(content_type: &str, body: Bytes) -> Result<Fields, MeetError> {
    let parse_error =
        |error: multer::Error| MeetError::Parse(format!("Multipart form parse error - {error}"));
    let boundary = multer::parse_boundary(content_type).map_err(parse_error)?;
    let mut parts = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut fields = Fields::new();
    while let Some(part) = parts.next_field().await.map_err(parse_error)? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let given = if let Some(file) = part.file_name() {
            Given::File(file.to_owned())
        } else {
            let bytes = part.bytes().await.map_err(parse_error)?;
            Given::Json(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
        };
        fields.insert(name, given);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn text(text: &str) -> Given {
        Given::Json(Value::String(text.to_owned()))
    }

    #[test]
    fn a_form_repairs_and_keeps_the_last() {
        let fields = form(b"a=1&a=2&b=p%26s%3Dw%2B1%25&c=100%&d=%ff");
        let read: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| fields.get(*name).cloned()).collect();
        assert_eq!(
            read,
            [Some(text("2")), Some(text("p&s=w+1%")), Some(text("100%")), Some(text("\u{fffd}"))]
        );
    }

    #[rstest]
    #[case::null("null", "No data provided")]
    #[case::list("[]", "Invalid data. Expected a dictionary, but got list.")]
    #[case::string("\"a\"", "Invalid data. Expected a dictionary, but got str.")]
    #[case::integer("7", "Invalid data. Expected a dictionary, but got int.")]
    #[case::float("7.5", "Invalid data. Expected a dictionary, but got float.")]
    #[case::boolean("true", "Invalid data. Expected a dictionary, but got bool.")]
    fn json_that_is_no_object(#[case] body: &str, #[case] sentence: &str) {
        assert!(matches!(json(body.as_bytes()), Err(MeetError::NonField(said)) if said == sentence));
    }

    #[rstest]
    #[case(b"{")]
    #[case(b"{'a': 1}")]
    #[case(b"\xff")]
    #[case(b"{\"a\": NaN}")]
    #[case(b"{} {}")]
    fn json_that_does_not_parse(#[case] body: &[u8]) {
        assert!(matches!(json(body), Err(MeetError::Parse(said)) if said.starts_with("JSON parse error - ")));
    }

    #[actix_web::test]
    async fn a_multipart_body_has_texts_and_files() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n\
            --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\nzzz\r\n--x--\r\n";
        let fields = multipart("multipart/form-data; boundary=x", Bytes::from(body)).await.ok();
        let expected: Fields =
            [("a".to_owned(), text("2")), ("f".to_owned(), Given::File("n.txt".to_owned()))].into();
        assert_eq!(fields, Some(expected));
    }

    #[rstest]
    #[case::no_boundary("multipart/form-data", "--x--")]
    #[case::cut(
        "multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"
    )]
    #[case::nonsense("multipart/form-data; boundary=x", "hello")]
    #[actix_web::test]
    async fn a_multipart_body_that_does_not_parse(#[case] content_type: &str, #[case] body: &'static str) {
        let read = multipart(content_type, Bytes::from_static(body.as_bytes())).await;
        assert!(
            matches!(read, Err(MeetError::Parse(said)) if said.starts_with("Multipart form parse error - "))
        );
    }
}
