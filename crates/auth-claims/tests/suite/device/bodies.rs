//! What is read of bodies, and that the handler gets them unchanged.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use actix_web::web::{self, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use auth_claims::device::{self, body_parameters};
use futures_util::StreamExt as _;
use rstest::rstest;

use super::requests::{Asked, ask, ask_through, triple};

const LIMIT: usize = 64 * 1024;
const OBJECT: &str = r#"{"access-token":"t","client":"c","uid":"u@x"}"#;

/// Not a piece of the body is read where it could change nothing.
#[rstest]
#[case::all_in_headers(Asked::signed_in().json(OBJECT))]
#[case::all_in_headers_and_empty(Asked::signed_in().without("uid").header("uid", "").json(OBJECT))]
#[case::plain(Asked::get().body("text/plain", OBJECT.as_bytes()))]
#[case::multipart(Asked::get().body("multipart/form-data; boundary=x", b"--x--"))]
#[case::no_type(Asked::get().json(OBJECT).without("content-type"))]
#[case::encoded(Asked::get().json(OBJECT).header("content-encoding", "gzip"))]
#[case::says_it_is_too_long(Asked::get().json(OBJECT).header("content-length", "65537"))]
#[actix_web::test]
async fn a_body_is_not_read_in_vain(#[case] asked: Asked) {
    let body = asked.body.clone();
    let answer = ask(asked.in_pieces(3)).await;
    assert_eq!((answer.read_before, answer.body), (0, body));
}

/// A dialect that looks at Bearer tokens first reads no body beside one.
#[rstest]
#[case::jwt(Asked::get().bearer("a.b.c"), 0)]
#[case::opaque(Asked::get().bearer("abc"), 0)]
#[case::malformed(Asked::get().header("authorization", "Bearer a b"), 0)]
#[case::nothing(Asked::get(), 1)]
#[case::other_scheme(Asked::get().header("authorization", "Basic YTpi"), 1)]
#[case::half_an_object(Asked::get().bearer("eyJ1aWQiOiJ1QHgifQ=="), 1)]
#[actix_web::test]
async fn a_bearer_token_saves_the_reading(#[case] asked: Asked, #[case] pieces: usize) {
    let answer = ask_through(body_parameters().after_bearer(), asked.clone().json(OBJECT)).await;
    assert_eq!((answer.read_before, answer.body.as_slice()), (pieces, OBJECT.as_bytes()));
    let answer = ask(asked.json(OBJECT)).await;
    assert_eq!((answer.read_before, answer.triple), (1, Some(triple("t", "c", "u@x"))));
}

/// As long as allowed: found. One octet more: not, and nothing is read beyond the piece that was too much.
#[rstest]
#[case::longest(LIMIT, true)]
#[case::longer(LIMIT + 1, false)]
#[case::much_longer(10 * LIMIT, false)]
#[actix_web::test]
async fn a_long_body_is_left_alone(
    #[case] length: usize,
    #[case] found: bool,
    #[values(0, 1000)] pieces: usize,
) {
    let body = format!("{OBJECT}{}", " ".repeat(length - OBJECT.len()));
    let answer = ask(Asked::get().json(&body).in_pieces(pieces)).await;
    assert_eq!(answer.triple, found.then(|| triple("t", "c", "u@x")));
    let most = LIMIT.checked_div(pieces).unwrap_or(0) + 1;
    assert!(answer.read_before <= most, "{}", answer.read_before);
    assert!(answer.body == body.as_bytes() && !answer.failed);
}

/// A body that breaks off breaks off for the handler too, at the same place.
#[actix_web::test]
async fn a_broken_body_stays_broken() {
    let answer = ask(Asked::get().json(OBJECT).in_pieces(7).that_fails()).await;
    assert_eq!((answer.triple, answer.failed, answer.body.as_slice()), (None, true, OBJECT.as_bytes()));
    let long = "x".repeat(2 * LIMIT);
    let answer = ask(Asked::get().json(&long).in_pieces(1000).that_fails()).await;
    assert!(answer.failed && answer.body == long.as_bytes());
    assert!(ask(Asked::get().header("content-type", "application/json").that_fails()).await.failed);
}

async fn length_of(request: HttpRequest, mut payload: web::Payload) -> HttpResponse {
    let (mut length, mut sum) = (0, 0_u64);
    while let Some(Ok(piece)) = payload.next().await {
        length += piece.len();
        sum = piece.iter().fold(sum, |sum, octet| sum.wrapping_mul(31).wrapping_add(u64::from(*octet)));
    }
    HttpResponse::Ok().body(format!("{length} {sum} {}", device::triple(&request).is_some()))
}

/// Ten mebibytes over a real connection without any header but the media type, in chunks that say no length.
#[rstest]
#[actix_web::test]
async fn ten_mebibytes_arrive_unchanged(
    #[values("application/json", "application/x-www-form-urlencoded")] media_type: &'static str,
) {
    const LENGTH: usize = 10 * 1024 * 1024;
    let app = || {
        let resource =
            web::resource("/").app_data(PayloadConfig::new(2 * LENGTH)).route(web::post().to(length_of));
        App::new().service(resource.wrap(body_parameters()))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    let body: Vec<u8> = b"access-token=t&uid=u&".iter().copied().cycle().take(LENGTH).collect();
    let sum = body.iter().fold(0_u64, |sum, octet| sum.wrapping_mul(31).wrapping_add(u64::from(*octet)));
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media_type}\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        for chunk in body.chunks(7777) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
            stream.write_all(chunk).unwrap();
            stream.write_all(b"\r\n").unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = actix_web::rt::task::spawn_blocking(exchange).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(&format!("{LENGTH} {sum} false")), "{answer}");
}
