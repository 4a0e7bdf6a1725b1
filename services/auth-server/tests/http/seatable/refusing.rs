//! §5: every row of the table, in every content type that can say it.

use reqwest::Method;
use rstest::rstest;

use super::{AUTH_TOKEN, BAD, DISABLED, EMAIL, PASSWORD, World, assert_said, sign_in};
use crate::harness::{Answer, Backend, FORM, Spawned, send};

const MULTIPART: &str = "multipart/form-data; boundary=x";
const REQUIRED: &str = r#"{"username":["This field is required."],"password":["This field is required."]}"#;
const NO_PASSWORD: &str = r#"{"password":["This field is required."]}"#;
const BLANK: &str = r#"{"password":["This field may not be blank."]}"#;
const NULL: &str = r#"{"username":["This field may not be null."]}"#;
const NO_STRING: &str = r#"{"password":["Not a valid string."]}"#;
const NUL: &str = r#"{"username":["Null characters are not allowed."]}"#;
const PARAMS: &str = r#"{"non_field_errors":["invalid params"]}"#;

async fn sent(app: &Spawned, content_type: &str, body: &str) -> Answer {
    let request = app.request(Method::POST, AUTH_TOKEN).header("content-type", content_type);
    send(request.body(body.to_owned())).await
}

fn multipart(pairs: &[(&str, &str)]) -> String {
    let parts = pairs.iter().map(|(name, value)| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    parts.chain(["--x--\r\n".to_owned()]).collect()
}

/// The rows that need no look at the directory.
#[rstest]
#[actix_web::test]
async fn each_field_says_what_is_wrong_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    for (body, said) in [
        ("", REQUIRED),
        ("other=1", REQUIRED),
        ("username=a", NO_PASSWORD),
        ("username=a&password=", BLANK),
        ("username=a&password=+%09+", BLANK),
        ("username=a%00b&password=b", NUL),
        ("username=a&password=b&platform=linux", PARAMS),
        ("username=a&password=b&platform=linux&device_id=d", PARAMS),
    ] {
        assert_said(&sent(&world.app, FORM, body).await, 400, said);
    }
    for (pairs, said) in [
        (vec![("other", "1")], REQUIRED),
        (vec![("username", "a")], NO_PASSWORD),
        (vec![("username", "a"), ("password", "  ")], BLANK),
        (vec![("username", "a\0b"), ("password", "b")], NUL),
        (vec![("username", "a"), ("password", "b"), ("device_name", "d")], PARAMS),
    ] {
        assert_said(&sent(&world.app, MULTIPART, &multipart(&pairs)).await, 400, said);
    }
    for (body, said) in [
        ("", REQUIRED),
        ("{}", REQUIRED),
        (r#"{"username":"a"}"#, NO_PASSWORD),
        (r#"{"username":"a","password":" "}"#, BLANK),
        (r#"{"username":null,"password":"b"}"#, NULL),
        (r#"{"username":"a","password":true}"#, NO_STRING),
        (r#"{"username":"a","password":["b"]}"#, NO_STRING),
        (r#"{"username":"a","password":{"b":1}}"#, NO_STRING),
        (r#"{"username":"a\u0000b","password":"b"}"#, NUL),
        (r#"{"username":"a","password":"b","platform":"linux"}"#, PARAMS),
        (
            r#"{"username":null}"#,
            r#"{"username":["This field may not be null."],"password":["This field is required."]}"#,
        ),
        ("[]", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#),
        (r#""a""#, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}"#),
        ("null", r#"{"non_field_errors":["No data provided"]}"#),
    ] {
        assert_said(&sent(&world.app, "application/json", body).await, 400, said);
    }
}

/// §2.2: what is not even parameters.
#[rstest]
#[actix_web::test]
async fn a_body_that_cannot_be_read_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let plain = sent(&world.app, "text/plain", "username=a").await;
    assert_said(&plain, 415, r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#);
    let cut = sent(&world.app, "application/json", r#"{"username":"#).await;
    assert!(cut.text.starts_with(r#"{"detail":"JSON parse error - "#) && cut.status == 400, "{cut:?}");
    let broken = sent(&world.app, "multipart/form-data", "username=a").await;
    assert!(broken.text.starts_with(r#"{"detail":"Multipart form parse error"#), "{broken:?}");
    let long = format!("username=a&password={}", "x".repeat(64 * 1024));
    assert_said(&sent(&world.app, FORM, &long).await, 413, r#"{"detail":"Request body is too large."}"#);
}

/// Always 400; the password comes before everything that may be told of an account.
#[rstest]
#[actix_web::test]
async fn wrong_credentials_are_a_400(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let internal_id = world.internal_id();
    for (username, password) in [
        ("nobody", PASSWORD),
        (EMAIL, "wrong"),
        (EMAIL, "K3TTLE DRUM"),
        ("mira", "wrong"),
        (&internal_id, "wrong"),
        (&internal_id[1..], PASSWORD),
        ("019000000000700080000000000000ff@auth.local", PASSWORD),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("%", "%"),
    ] {
        let refused = sign_in(&world.app, username, password).await;
        assert_said(&refused, 400, BAD);
        assert_eq!(refused.header("x-seafile-otp"), "", "{username}");
    }
    let long = "m".repeat(20_000);
    assert_said(&sign_in(&world.app, &long, &long).await, 400, BAD);
    world.disable(true).await;
    assert_said(&sign_in(&world.app, EMAIL, "wrong").await, 400, BAD);
    assert_said(&sign_in(&world.app, EMAIL, PASSWORD).await, 400, DISABLED);
    world.disable(false).await;
    world.token().await;
    world.delete().await;
    assert_said(&sign_in(&world.app, EMAIL, PASSWORD).await, 400, BAD);
}
