//! Public documents: cacheable, with an entity tag (RFC 9110 §8.8.3, §13.1.2).

use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderMap, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Answers with a document, or with 304 when the client holds this very one.
pub(crate) fn document<T: Serialize>(request: &HttpRequest, document: &T) -> HttpResponse {
    let Ok(body) = serde_json::to_vec(document) else {
        tracing::error!("a public document does not serialize");
        return HttpResponse::InternalServerError().finish();
    };
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]));
    let known = holds(request.headers(), &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "public, max-age=300")).insert_header((ETAG, tag));
    if known { response.finish() } else { response.content_type("application/json").body(body) }
}

/// Whether `If-None-Match` names the tag. It is compared weakly: bytes that are the same are equivalent.
fn holds(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|value| {
        let tags = value.split(',').map(str::trim);
        tags.map(|known| known.strip_prefix("W/").unwrap_or(known)).any(|known| known == "*" || known == tag)
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    fn tag_of(response: &HttpResponse) -> String {
        response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned()
    }

    #[rstest]
    #[case::the_tag("{tag}", 304)]
    #[case::weak("W/{tag}", 304)]
    #[case::among_others("\"a\", {tag}", 304)]
    #[case::any("*", 304)]
    #[case::another("\"a\"", 200)]
    #[case::unquoted("a", 200)]
    #[case::nothing("", 200)]
    fn if_none_match(#[case] value: &str, #[case] status: u16) {
        let first = document(&TestRequest::get().to_http_request(), &"x");
        let value = value.replace("{tag}", &tag_of(&first));
        let request = TestRequest::get().insert_header((IF_NONE_MATCH, value)).to_http_request();
        let second = document(&request, &"x");
        assert_eq!((second.status().as_u16(), tag_of(&second)), (status, tag_of(&first)));
    }

    #[test]
    fn another_document_has_another_tag() {
        let request = TestRequest::get().to_http_request();
        assert_ne!(tag_of(&document(&request, &"x")), tag_of(&document(&request, &"y")));
    }
}
