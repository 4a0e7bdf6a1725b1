use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use rstest::rstest;
use store::StoreError;

use super::Shape;
use crate::error::OcsError;
use crate::value::Value;

/// Status, content type and body.
async fn told(answer: HttpResponse) -> (u16, String, String) {
    let content_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body()).await.unwrap();
    (status, content_type.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

async fn refused(error: &OcsError, uri: &str) -> (u16, String, String) {
    let request = TestRequest::with_uri(uri).to_http_request();
    told(error.response(&request, Shape::of_head(&request))).await
}

/// §1.4.
#[rstest]
#[case::v1(
    "/ocs/v1.php/x?format=json",
    r#"{"ocs":{"meta":{"status":"ok","statuscode":100,"message":"OK","totalitems":"","itemsperpage":""},"data":{"groups":["a"]}}}"#
)]
#[case::v2(
    "/ocs/v2.php/x?format=json",
    r#"{"ocs":{"meta":{"status":"ok","statuscode":200,"message":"OK"},"data":{"groups":["a"]}}}"#
)]
#[actix_web::test]
async fn a_success_in_json(#[case] uri: &str, #[case] body: &str) {
    let request = TestRequest::with_uri(uri).to_http_request();
    let answer = Shape::of_head(&request).success(Value::of("groups", Value::list(["a"]))).unwrap();
    assert_eq!(told(answer).await, (200, "application/json; charset=utf-8".to_owned(), body.to_owned()));
}

/// §1.5.
#[rstest]
#[case::v1("/ocs/v1.php/x", "  <totalitems></totalitems>\n  <itemsperpage></itemsperpage>\n", 100)]
#[case::v2("/ocs/v2.php/x", "", 200)]
#[actix_web::test]
async fn a_success_in_xml(#[case] uri: &str, #[case] more: &str, #[case] code: u16) {
    let request = TestRequest::with_uri(uri).to_http_request();
    let answer =
        Shape::of_head(&request).success(Value::of("users", Value::list(["jonas", "mira"]))).unwrap();
    let body = format!(
        "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>ok</status>\n  <statuscode>{code}</statuscode>\n  \
         <message>OK</message>\n{more} </meta>\n <data>\n  <users>\n   <element>jonas</element>\n   \
         <element>mira</element>\n  </users>\n </data>\n</ocs>\n"
    );
    assert_eq!(told(answer).await, (200, "application/xml; charset=utf-8".to_owned(), body));
}

/// §1.2, §3.2: what an operation refuses, in the ordinary envelope.
#[rstest]
#[case(
    OcsError::with(102, "group exists"),
    "v1",
    200,
    r#""statuscode":102,"message":"group exists","totalitems":"","itemsperpage":""},"data":[]"#
)]
#[case(
    OcsError::with(102, "group exists"),
    "v2",
    400,
    r#""statuscode":102,"message":"group exists"},"data":[]"#
)]
#[case(OcsError::code(998), "v2", 404, r#""statuscode":998,"message":""},"data":[]"#)]
#[case(OcsError::NotLoggedIn, "v1", 401, r#""statuscode":997,"message":"Current user is not logged in","totalitems":"","itemsperpage":""},"data":[]"#)]
#[case(
    OcsError::told_in_data(403, "Invalid app id given"),
    "v2",
    403,
    r#""statuscode":403,"message":""},"data":{"data":{"message":"Invalid app id given"}}"#
)]
#[case(OcsError::TooLarge, "v2", 413, r#""statuscode":413,"message":"Request Entity Too Large"},"data":[]"#)]
#[actix_web::test]
async fn a_refusal_of_an_operation(
    #[case] error: OcsError,
    #[case] version: &str,
    #[case] status: u16,
    #[case] rest: &str,
) {
    let found = refused(&error, &format!("/ocs/{version}.php/x?format=json")).await;
    let body = format!(r#"{{"ocs":{{"meta":{{"status":"failure",{rest}}}}}"#);
    assert_eq!(found, (status, "application/json; charset=utf-8".to_owned(), body));
}

/// §1.6: short `meta` on both entry points, and another media type in XML.
#[rstest]
#[case::route(
    OcsError::UnknownRoute,
    998,
    200,
    404,
    "Invalid query, please check the syntax. API specifications are \
    here: http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n"
)]
#[case::crash(OcsError::internal("x"), 996, 200, 500, "Internal Server Error\n")]
#[case::store(StoreError::corrupt("x", "y").into(), 996, 200, 500, "Internal Server Error\n")]
#[case::parameter(OcsError::BadParameter("x".into()), 996, 200, 500, "Internal Server Error\n")]
#[case::format(OcsError::UnknownFormat, 996, 200, 500, "Internal Server Error\n")]
#[case::credentials(OcsError::Unauthorised, 997, 401, 401, "Unauthorised")]
#[case::throttled(OcsError::Throttled { retry_after: 7 }, 429, 200, 429, "Too many requests")]
#[case::away(StoreError::Unavailable("x".to_owned()).into(), 503, 503, 503, "Service unavailable")]
#[case::unavailable(OcsError::Unavailable, 503, 503, 503, "Service unavailable")]
#[actix_web::test]
async fn a_fallback(
    #[case] error: OcsError,
    #[case] code: u16,
    #[case] v1: u16,
    #[case] v2: u16,
    #[case] message: &str,
) {
    for (version, status) in [("v1", v1), ("v2", v2)] {
        let (found, content_type, body) = refused(&error, &format!("/ocs/{version}.php/x")).await;
        assert_eq!((found, content_type.as_str()), (status, "text/xml; charset=UTF-8"));
        let expected = format!(
            "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>failure</status>\n  \
             <statuscode>{code}</statuscode>\n  <message>{message}</message>\n </meta>\n <data/>\n</ocs>\n"
        );
        assert_eq!(body, expected);
        let (_, content_type, body) = refused(&error, &format!("/ocs/{version}.php/x?format=json")).await;
        assert_eq!(content_type, "application/json; charset=utf-8");
        let message = serde_json::Value::from(message);
        let meta = format!(r#"{{"status":"failure","statuscode":{code},"message":{message}}}"#);
        assert_eq!(body, format!(r#"{{"ocs":{{"meta":{meta},"data":[]}}}}"#));
    }
}

#[actix_web::test]
async fn what_has_no_envelope() {
    for version in ["v1", "v2"] {
        for format in ["", "?format=xml", "?format=json"] {
            let uri = format!("/ocs/{version}.php/x{format}");
            let json = "application/json; charset=utf-8".to_owned();
            let csrf = r#"{"message":"CSRF check failed"}"#.to_owned();
            assert_eq!(refused(&OcsError::Csrf, &uri).await, (412, json, csrf));
            let method = OcsError::WrongMethod("GET, HEAD".to_owned());
            assert_eq!(refused(&method, &uri).await, (405, String::new(), String::new()));
        }
    }
}

#[actix_web::test]
async fn headers_of_refusals() {
    let named = |error: OcsError, name: &str, request: TestRequest| {
        let request = request.to_http_request();
        let answer = error.response(&request, Shape::of_head(&request));
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let challenge = named(OcsError::Unauthorised, "www-authenticate", TestRequest::default());
    assert_eq!(challenge.unwrap(), "Basic realm=\"Authorisation Required\"");
    let script = TestRequest::default().insert_header(("x-requested-with", "XMLHttpRequest"));
    let challenge = named(OcsError::Unauthorised, "www-authenticate", script);
    assert_eq!(challenge.unwrap(), "DummyBasic realm=\"Authorisation Required\"");
    assert_eq!(named(OcsError::NotLoggedIn, "www-authenticate", TestRequest::default()), None);
    let throttled = OcsError::Throttled { retry_after: 7 };
    assert_eq!(named(throttled, "retry-after", TestRequest::default()).unwrap(), "7");
    assert_eq!(named(OcsError::Unavailable, "retry-after", TestRequest::default()).unwrap(), "5");
    let method = OcsError::WrongMethod("GET, HEAD".to_owned());
    assert_eq!(named(method, "allow", TestRequest::default()).unwrap(), "GET, HEAD");
}

/// §1.3: a success in an unknown format is none, and a failure is told in XML.
#[actix_web::test]
async fn an_unknown_format() {
    let request = TestRequest::with_uri("/ocs/v2.php/x?format=yaml").to_http_request();
    let shape = Shape::of_head(&request);
    assert!(matches!(shape.success(Value::nothing()), Err(OcsError::UnknownFormat)));
    let (status, content_type, _) = refused(&OcsError::code(404), "/ocs/v2.php/x?format=yaml").await;
    assert_eq!((status, content_type.as_str()), (404, "application/xml; charset=utf-8"));
}
