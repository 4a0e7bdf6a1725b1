//! §9: requests from pages of other sites.

use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Backend, send};
use crate::rdv::{CHANGE, PASSWORD, SIGN_IN, SIGN_OUT, UID, VALIDATE_TOKEN, World, assert_common_headers};

const PAGE: &str = "https://app.example";
const NAMES: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-allow-headers",
    "access-control-allow-credentials",
];
const METHODS: &str = "GET, POST, PATCH, PUT, DELETE";
const EXPOSED: &str = "access-token, token-type, client, expiry, uid, authorization";

fn cors(answer: &Answer) -> [&str; 6] {
    NAMES.map(|name| answer.header(name))
}

#[rstest]
#[actix_web::test]
async fn a_preflight_is_allowed_without_a_credential(
    #[values(
        SIGN_IN,
        VALIDATE_TOKEN,
        SIGN_OUT,
        CHANGE,
        "/api/v1/auth/sign_out.json",
        "/api/v1/auth/nowhere"
    )]
    path: &str,
) {
    let world = World::on(Backend::Sqlite).await;
    let asked = "access-token, client, content-type, uid, x-mine";
    let request = world.app.request(Method::OPTIONS, path).header("origin", PAGE);
    let request = request.header("access-control-request-method", "DELETE");
    let answer = send(request.header("access-control-request-headers", asked)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(cors(&answer), ["*", METHODS, EXPOSED, "7200", asked, ""]);
    let plain = send(world.app.request(Method::OPTIONS, path)).await;
    assert_eq!((plain.status, cors(&plain)), (404, [""; 6]));
}

/// Every answer of every kind, where the request names an origin.
#[rstest]
#[actix_web::test]
async fn every_answer_to_a_page_can_be_read(#[values(true, false)] from_a_page: bool) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let request = |method, path: &str| world.app.request(method, path);
    let requests = [
        (request(Method::POST, SIGN_IN).form(&[("email", UID), ("password", "x")]), 401),
        (request(Method::GET, SIGN_IN), 405),
        (request(Method::GET, VALIDATE_TOKEN), 401),
        (session.on(request(Method::GET, VALIDATE_TOKEN)), 200),
        (session.on(request(Method::PUT, CHANGE)), 422),
        (request(Method::PUT, CHANGE), 401),
        (session.on(request(Method::DELETE, SIGN_OUT)), 200),
        (session.on(request(Method::DELETE, SIGN_OUT)), 404),
        (request(Method::DELETE, SIGN_IN), 404),
        (request(Method::POST, SIGN_IN).form(&[("email", UID), ("password", PASSWORD)]), 200),
    ];
    for (request, status) in requests {
        let request = if from_a_page { request.header("origin", PAGE) } else { request };
        let answer = send(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_common_headers(&answer);
        let allowed = if from_a_page { ["*", METHODS, EXPOSED, "", "", ""] } else { [""; 6] };
        assert_eq!(cors(&answer), allowed, "{answer:?}");
    }
}

/// §2: never a 304; a HEAD is a GET without its body.
#[actix_web::test]
async fn nothing_is_not_modified() {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let get = session.on(world.app.request(Method::GET, VALIDATE_TOKEN));
    let get = get.header("if-modified-since", "Mon, 26 Jul 1997 05:00:00 GMT").header("if-none-match", "*");
    assert_eq!(send(get).await.status, 200);
    let head = send(session.on(world.app.request(Method::HEAD, VALIDATE_TOKEN))).await;
    assert_eq!((head.status, head.text.as_str(), head.header("uid")), (200, "", UID));
    assert_eq!(send(world.app.request(Method::HEAD, SIGN_IN)).await.status, 405);
}
