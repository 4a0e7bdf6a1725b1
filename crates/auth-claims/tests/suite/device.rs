//! The three values of a device session, in all places they may come from. `contracts/rdv-sign-in.md` §4.1–§4.3.

mod bodies;
mod order;
mod requests;

use auth_claims::device::DeviceTriple;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use rstest::rstest;

use self::requests::{Asked, ask, found, triple};

const OBJECT: &str = r#"{"access-token":"t","client":"c","uid":"u@x"}"#;

fn standard(object: &str) -> String {
    STANDARD.encode(object)
}

/// §3.3: the header of the sign-in example, as a client replays it.
#[actix_web::test]
async fn the_authorization_header_of_the_contract_can_be_replayed() {
    let header = "Bearer eyJhY2Nlc3MtdG9rZW4iOiJxM1ZuVDB4d1prcTFiSGgyWTJSbFJnIiwidG9rZW4tdHlwZSI6IkJlYXJlciIsImNsaWVu\
                  dCI6IkptOXlaMkZ1YVhOaGRHbHZiakUyTXciLCJleHBpcnkiOiIxNzY3MzQ4MDAwIiwidWlkIjoiYW1pbmEua2VyYnJhdEBjZDI2\
                  LmV4YW1wbGUifQ==";
    let expected = triple("q3VnT0xwZkq1bHh2Y2RlRg", "Jm9yZ2FuaXNhdGlvbjE2Mw", "amina.kerbrat@cd26.example");
    assert_eq!(found(Asked::get().header("authorization", header)).await, Some(expected));
}

/// §4.3: the scheme is not looked at, and white space separates.
#[rstest]
#[actix_web::test]
async fn the_last_chunk_counts(
    #[values("", "Bearer ", "bearer \t ", "Basic ", "Token token=abc, ", "a b c ")] before: &str,
    #[values("", " ", "\t ")] after: &str,
) {
    let header = format!("{before}{}{after}", standard(OBJECT));
    assert_eq!(found(Asked::get().header("authorization", header)).await, Some(triple("t", "c", "u@x")));
}

/// §4.3: strict base64 of an object, anything else says nothing.
#[rstest]
#[case::no_padding(format!("Bearer {}", STANDARD_NO_PAD.encode(format!("{OBJECT} "))))]
#[case::url_alphabet(format!("Bearer {}", URL_SAFE_NO_PAD.encode(r#"{"access-token":"t","client":"c","uid":"?>~?"}"#)))]
#[case::broken_in_two(format!("Bearer {} {}", &standard(OBJECT)[..8], &standard(OBJECT)[8..]))]
#[case::loose_bits("Bearer eyJhIjoxfR==".to_owned())]
#[case::array(format!("Bearer {}", standard(r#"["t","c","u@x"]"#)))]
#[case::text(format!("Bearer {}", standard(r#""access-token""#)))]
#[case::number(format!("Bearer {}", standard("7")))]
#[case::null(format!("Bearer {}", standard("null")))]
#[case::no_json(format!("Bearer {}", standard("{access-token}")))]
#[case::two_objects(format!("Bearer {}", standard(&format!("{OBJECT}{OBJECT}"))))]
#[case::no_utf8(format!("Bearer {}", STANDARD.encode(b"{\"access-token\":\"\xff\",\"client\":\"c\",\"uid\":\"u\"}")))]
#[case::deep(format!("Bearer {}", standard(&format!("{{\"uid\":{}", "[".repeat(9000)))))]
#[case::too_long(format!("Bearer {}", standard(&format!("{OBJECT}{}", " ".repeat(16 * 1024)))))]
#[case::a_jwt("Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA".to_owned())]
#[case::basic("Basic YWRhOnNlY3JldA==".to_owned())]
#[case::empty(String::new())]
#[actix_web::test]
async fn another_authorization_header_is_no_triple(#[case] header: String) {
    assert_eq!(found(Asked::get().header("authorization", header.as_str())).await, None);
    let asked = Asked::get().header("authorization", header).header("access-token", "t").header("uid", "u@x");
    assert_eq!(found(asked).await, Some(triple("t", "default", "u@x")), "nor in the way of one");
}

#[actix_web::test]
async fn a_repeated_header_is_nobodys() {
    let one = Asked::get().header("access-token", "t").header("client", "c").header("uid", "u@x");
    for name in ["access-token", "client", "uid"] {
        for value in ["t", "c", "u@x", ""] {
            assert_eq!(found(one.clone().header(name, value)).await, None, "{name}");
        }
    }
    let header = format!("Bearer {}", standard(OBJECT));
    let twice = Asked::get().header("authorization", header.as_str()).header("authorization", header);
    assert_eq!(found(twice).await, None);
}

/// §14: angular-token sends five headers, redux-token-auth a query or a body.
#[rstest]
#[case::headers(Asked::get().header("Access-Token", "t").header("CLIENT", "c").header("uid", "u@x")
    .header("expiry", "1").header("token-type", "Bearer"))]
#[case::query(Asked::get().query("access-token=t&client=c&uid=u%40x&page=2"))]
#[case::json(Asked::get().json(OBJECT))]
#[case::json_with_more(Asked::get().json(r#"{"a":{"uid":"x"},"uid":"u@x","client":"c","access-token":"t","z":[1,null]}"#))]
#[case::json_escaped(Asked::get().json(r#"{"access\u002dtoken":"\u0074","client":"c","uid":"u\u0040x"}"#))]
#[case::the_last_member_counts(Asked::get().json(r#"{"uid":"v@x","access-token":"t","client":"c","uid":"u@x"}"#))]
#[case::form(Asked::get().form("uid=v&client=c&access-token=t&uid=u%40x"))]
#[case::some_of_each(Asked::get().header("client", "c").query("uid=u@x").json(r#"{"access-token":"t"}"#))]
// §2: of two parameters the body's counts.
#[case::body_before_query(Asked::get().query("access-token=x&client=x&uid=x").json(OBJECT))]
#[case::null_is_none(Asked::get().query("uid=u@x").json(r#"{"access-token":"t","client":"c","uid":null}"#))]
#[actix_web::test]
async fn clients_send_it_as_they_always_did(#[case] asked: Asked) {
    assert_eq!(found(asked).await, Some(triple("t", "c", "u@x")));
}

#[rstest]
#[case::nothing(Asked::get())]
#[case::no_token(Asked::get().header("client", "c").header("uid", "u@x"))]
#[case::no_uid(Asked::get().header("access-token", "t").header("client", "c"))]
#[case::number(Asked::get().json(r#"{"access-token":1,"client":"c","uid":"u@x"}"#))]
#[case::list(Asked::get().json(r#"{"access-token":["t"],"client":"c","uid":"u@x"}"#))]
#[case::object(Asked::get().json(r#"{"access-token":{"t":1},"client":"c","uid":"u@x"}"#))]
#[case::body_is_no_object(Asked::get().json(r#"["t","c","u@x"]"#))]
#[case::body_is_no_json(Asked::get().json(r#"{"access-token":"t","client":"c","uid":"u@x""#))]
#[case::body_is_no_utf8(Asked::get().body("application/json", b"{\"access-token\":\"t\",\"uid\":\"\xff\"}"))]
#[case::form_is_no_utf8(Asked::get().form("access-token=t&client=c&uid=%ff"))]
#[case::query_is_no_utf8(Asked::get().query("access-token=t&client=c&uid=%c3"))]
#[case::header_is_no_utf8(Asked::get().header("access-token", "t").header("uid", b"u\xff"))]
// Not searched: see `body_parameters`.
#[case::multipart(Asked::get().body("multipart/form-data; boundary=x",
    b"--x\r\ncontent-disposition: form-data; name=\"uid\"\r\n\r\nu@x\r\n--x--\r\n").query("access-token=t&client=c"))]
#[case::other_type(Asked::get().body("text/plain", OBJECT.as_bytes()))]
#[actix_web::test]
async fn without_all_of_it_there_is_no_triple(#[case] asked: Asked) {
    let body = asked.body.clone();
    let answer = ask(asked).await;
    assert_eq!((answer.triple, answer.body), (None, body));
}

/// RFC 8693's form of it (contracts/oauth2.md §4).
#[rstest]
#[case::as_we_write_it(URL_SAFE_NO_PAD.encode(OBJECT), true)]
#[case::padded(base64::engine::general_purpose::URL_SAFE.encode(OBJECT), true)]
#[case::with_more(URL_SAFE_NO_PAD.encode(r#"{"uid":"u@x","access-token":"t","expiry":"1","client":"c"}"#), true)]
#[case::empty_value(URL_SAFE_NO_PAD.encode(r#"{"access-token":"","client":"c","uid":"u@x"}"#), false)]
#[case::missing(URL_SAFE_NO_PAD.encode(r#"{"access-token":"t","uid":"u@x"}"#), false)]
#[case::number(URL_SAFE_NO_PAD.encode(r#"{"access-token":1,"client":"c","uid":"u@x"}"#), false)]
#[case::twice(URL_SAFE_NO_PAD.encode(r#"{"uid":"u@x","access-token":"t","client":"c","uid":"u@x"}"#), false)]
#[case::list(URL_SAFE_NO_PAD.encode("[]"), false)]
#[case::no_base64(OBJECT.to_owned(), false)]
#[case::too_long(URL_SAFE_NO_PAD.encode(format!("{OBJECT}{}", " ".repeat(16 * 1024))), false)]
#[case::empty(String::new(), false)]
fn a_subject_token_is_an_object_of_texts(#[case] token: String, #[case] is_one: bool) {
    assert_eq!(DeviceTriple::from_subject_token(&token), is_one.then(|| triple("t", "c", "u@x")));
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?}", triple("secret-token", "client-id", "ada@example.org"));
    assert!(!["secret", "client-id", "ada"].iter().any(|part| shown.contains(part)), "{shown}");
}

/// Which credential a request has, for a dialect that looks at a Bearer token first, and for the triple's own.
#[rstest]
#[case::jwt_alone(Asked::get().bearer("a.b.c"), "Bearer(a.b.c)", "Bearer(a.b.c)")]
#[case::both(Asked::signed_in().bearer("a.b.c"), "Bearer(a.b.c)", "Subject(t c u@x)")]
#[case::triple(Asked::signed_in(), "Subject(t c u@x)", "Subject(t c u@x)")]
#[case::other_scheme(Asked::signed_in().header("authorization", "Basic YTpi"), "Subject(t c u@x)", "Subject(t c u@x)")]
#[case::object(Asked::get().bearer(&standard(OBJECT)), "Subject(t c u@x)", "Subject(t c u@x)")]
#[case::half_an_object(Asked::get().bearer(&standard(r#"{"uid":"u@x"}"#)).header("access-token", "t"),
    "Subject(t default u@x)", "Subject(t default u@x)")]
#[case::object_of_others(Asked::get().bearer(&standard(r#"{"a":1}"#)), "Bearer(eyJhIjoxfQ==)", "Bearer(eyJhIjoxfQ==)")]
#[case::object_without_uid(Asked::get().bearer(&standard(r#"{"access-token":"t"}"#)),
    "Bearer(eyJhY2Nlc3MtdG9rZW4iOiJ0In0=)", "Refused(Invalid)")]
#[case::nothing(Asked::get(), "Missing", "Missing")]
#[case::bare_scheme(Asked::get().header("authorization", "Bearer"), "Malformed", "Malformed")]
#[case::bare_scheme_and_triple(Asked::signed_in().header("authorization", "Bearer"), "Malformed", "Subject(t c u@x)")]
// The name is a common one: by itself it is no attempt to sign in, except where the triple is the documented way.
#[case::client_alone(Asked::get().query("client=web"), "Missing", "Refused(Invalid)")]
#[case::client_beside_a_jwt(Asked::get().query("client=web").bearer("a.b.c"), "Bearer(a.b.c)", "Refused(Invalid)")]
#[case::empty_token(Asked::get().header("access-token", "").header("uid", "u@x"), "Refused(Invalid)", "Refused(Invalid)")]
#[case::empty_uid(Asked::signed_in().query("uid=").without("uid"), "Refused(Invalid)", "Refused(Invalid)")]
#[actix_web::test]
async fn credentials_have_an_order(#[case] asked: Asked, #[case] others: &str, #[case] first: &str) {
    let answer = ask(asked).await;
    assert_eq!((answer.others.as_str(), answer.first.as_str()), (others, first));
}

proptest! {
    #[test]
    fn a_subject_token_is_read_as_it_was_written(access_token in ".+", client in ".+", uid in ".+") {
        let triple = DeviceTriple { access_token, client, uid };
        let token = triple.to_subject_token();
        prop_assert!(token.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet)));
        prop_assert_eq!(DeviceTriple::from_subject_token(&token), Some(triple));
    }

    #[test]
    fn no_subject_token_does_harm(octets in proptest::collection::vec(any::<u8>(), 0..200), text in ".*") {
        let _ = DeviceTriple::from_subject_token(&text);
        let _ = DeviceTriple::from_subject_token(&URL_SAFE_NO_PAD.encode(octets));
    }
}
