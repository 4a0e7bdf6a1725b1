//! The extractor in a real server: what a request must carry, and how its refusals differ.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, ResponseError, web};
use auth_claims::caller::{Authenticator, Caller, Dialect, MissingScope, Rejection};
use auth_claims::keys::Algorithm;
use rstest::rstest;
use serde_json::json;

use crate::issuer::{Issuer, NOW, Published, good_claims, verifier, with};

struct Plain;

#[derive(Debug, thiserror::Error)]
enum PlainError {
    #[error("{0:?}")]
    Rejected(#[from] Rejection),
    #[error("{0}")]
    Scope(#[from] MissingScope),
}

impl ResponseError for PlainError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Rejected(Rejection::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rejected(_) => StatusCode::UNAUTHORIZED,
            Self::Scope(_) => StatusCode::FORBIDDEN,
        }
    }
}

impl Dialect for Plain {
    type Error = PlainError;
}

async fn whoami(caller: Caller<Plain>) -> Result<HttpResponse, PlainError> {
    caller.require(&"rooms:list".parse().unwrap())?;
    Ok(HttpResponse::Ok().body(caller.email.clone().unwrap_or_default()))
}

fn serve(authenticator: Option<Authenticator>) -> SocketAddr {
    let server = HttpServer::new(move || {
        let app = App::new().route("/", web::get().to(whoami));
        match authenticator.clone() {
            Some(authenticator) => app.app_data(web::Data::new(authenticator)),
            None => app,
        }
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

/// Sends header lines as they are, and gives back the status and the body.
async fn get(address: SocketAddr, lines: Vec<u8>) -> (u16, String) {
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            [b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n".as_slice(), &lines, b"\r\n"].concat();
        stream.write_all(&request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = actix_web::rt::task::spawn_blocking(exchange).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn over(issuer: &Issuer) -> SocketAddr {
    serve(Some(Authenticator::new(verifier(issuer), None)))
}

#[rstest]
#[actix_web::test]
async fn the_scheme_is_read_in_any_case(#[values("Bearer", "bearer", "BEARER", "bEaReR")] scheme: &str) {
    let issuer = Issuer::new(Algorithm::Es256);
    let address = over(&issuer);
    let token = issuer.token(&good_claims());
    let expected = (200, "ada@example.org".to_owned());
    for blank in [" ", "  ", "\t"] {
        let line = format!("authorization: {scheme}{blank}{token}{blank}\r\n");
        assert_eq!(get(address, line.clone().into_bytes()).await, expected, "verified");
        assert_eq!(get(address, line.into_bytes()).await, expected, "remembered");
    }
}

// contracts/meet.md §5
#[rstest]
#[case::no_header(b"", "Missing")]
#[case::empty(b"authorization:\r\n", "Missing")]
#[case::blank(b"authorization:   \r\n", "Missing")]
#[case::other_scheme(b"authorization: Basic YTpi\r\n", "Missing")]
#[case::other_scheme_alone(b"authorization: Token\r\n", "Missing")]
#[case::no_scheme(b"authorization: abc.def.ghi\r\n", "Missing")]
#[case::longer_word(b"authorization: Bearerx abc\r\n", "Missing")]
#[case::scheme_not_utf8(b"authorization: B\xffarer abc\r\n", "Missing")]
#[case::alone(b"authorization: Bearer\r\n", "Malformed")]
#[case::alone_with_blank(b"authorization: bearer  \r\n", "Malformed")]
#[case::two_values(b"authorization: Bearer a b\r\n", "Malformed")]
#[case::two_values_not_utf8(b"authorization: Bearer \xff \xfe\r\n", "Malformed")]
#[case::two_headers(b"authorization: Bearer a\r\nauthorization: Bearer a\r\n", "Malformed")]
#[case::not_utf8(b"authorization: Bearer \xff\xfe\r\n", "Encoding")]
#[case::half_utf8(b"authorization: Bearer abc\xc3\r\n", "Encoding")]
#[case::utf8_but_no_token(b"authorization: Bearer \xc3\xa9\r\n", "Invalid(Malformed)")]
#[case::no_token(b"authorization: Bearer abc\r\n", "Invalid(Malformed)")]
#[actix_web::test]
async fn header_faults_are_told_apart(#[case] lines: &[u8], #[case] expected: &str) {
    let address = over(&Issuer::new(Algorithm::Es256));
    assert_eq!(get(address, lines.to_vec()).await, (401, expected.to_owned()));
}

#[actix_web::test]
async fn token_faults_are_told_apart() {
    let issuer = Issuer::new(Algorithm::Es256);
    let address = over(&issuer);
    let cases = [
        (json!({ "exp": NOW }), 401, "Invalid(Expired)"),
        (json!({ "iss": "x" }), 401, "Invalid(Issuer)"),
        (json!({ "aud": "x" }), 401, "Invalid(Audience)"),
        (json!({ "scope": "rooms:create" }), 403, "the scope rooms:list is required"),
        (json!({ "scope": null }), 403, "the scope rooms:list is required"),
        (json!({ "scope": "ROOMS:LIST" }), 403, "the scope rooms:list is required"),
    ];
    for (changes, status, body) in cases {
        let token = issuer.token(&with(good_claims(), &changes));
        let line = format!("authorization: Bearer {token}\r\n").into_bytes();
        assert_eq!(get(address, line).await, (status, body.to_owned()));
    }
}

#[actix_web::test]
async fn what_nobody_can_tell_is_no_verdict() {
    let issuer = Issuer::new(Algorithm::Es256);
    let line = format!("authorization: Bearer {}\r\n", issuer.token(&good_claims())).into_bytes();
    let unavailable = (503, "Unavailable".to_owned());
    assert_eq!(get(serve(None), line.clone()).await, unavailable, "nothing is mounted");
    let published = Published::new(&[&issuer]);
    published.fail();
    let verifier =
        auth_claims::verify::Verifier::new(crate::issuer::settings(), published, crate::issuer::clock());
    assert_eq!(get(serve(Some(Authenticator::new(verifier, None))), line).await, unavailable, "no keys");
}
