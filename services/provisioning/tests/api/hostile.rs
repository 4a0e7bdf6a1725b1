//! Threat 18: whatever is sent, and however much of it, the service answers and stays well.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, CONFIG, Service, answer, password};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn pick<'a, T>(runner: &mut TestRunner, from: &'a [T]) -> &'a T {
    &from[(0..from.len()).new_tree(runner).unwrap().current()]
}

fn text(runner: &mut TestRunner) -> String {
    proptest::string::string_regex("(?s).{0,40}").unwrap().new_tree(runner).unwrap().current()
}

fn value(runner: &mut TestRunner) -> Value {
    let odd = text(runner);
    let candidates = [
        json!(odd),
        json!("staff"),
        json!("displayname"),
        json!("quota"),
        json!("a\u{0}b"),
        json!("x".repeat(3000)),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(-0.0),
        json!(true),
        json!(null),
        json!([odd]),
        json!([[]]),
        json!({ odd: [{}] }),
    ];
    pick(runner, &candidates).clone()
}

/// Threat 18: hostile paths, queries, headers and bodies on every route. A 5xx is only the 996 that §2.2 wants of a parameter
/// that is missing or of another type; the causes of others would be in no envelope of that code.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_requests_never_fail_the_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let mut runner = TestRunner::deterministic();
    let long = "9".repeat(3000);
    let ids = [
        "mira",
        "staff",
        "%00",
        "%ff",
        "..",
        "%2e%2e",
        "'",
        "%F0%9F%92%A3",
        "-9223372036854775808",
        &long,
        "1%2F2",
        "%",
        "%25",
        "%2525",
        "+",
        "a/b",
        "",
        "users",
        "details",
        "%E2%80%AE",
    ];
    let bases = [
        "/cloud/users",
        "/cloud/groups",
        "/cloud/apps",
        "/cloud/user",
        "/cloud/capabilities",
        "/cloud/user/fields",
    ];
    let rests = [
        "",
        "",
        "/groups",
        "/subadmins",
        "/enable",
        "/users",
        "/users/details",
        "/additional_mail",
        "/wipe",
        "/x/y",
    ];
    let names = [
        "userid",
        "password",
        "displayName",
        "email",
        "groups",
        "groups[]",
        "subadmin",
        "quota",
        "key",
        "value",
        "groupid",
        "search",
        "limit",
        "offset",
        "filter",
        "format",
        "userId",
        "groupId",
        "app",
        "defaultValue",
        "configValue",
        "[",
        "a[b",
    ];
    let kinds = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
        ";;;",
        "application/x+json",
    ];
    for _ in 0..800 {
        let id = *pick(&mut runner, &ids);
        let base = if runner.rng().random_bool(0.2) {
            format!("{CONFIG}/apps")
        } else {
            (*pick(&mut runner, &bases)).to_owned()
        };
        let path = format!("{base}/{id}{}", pick(&mut runner, &rests));
        let method = *pick(&mut runner, &METHODS);
        // Nobody removes or changes the one who asks.
        let members: serde_json::Map<_, _> =
            (0..3).map(|_| ((*pick(&mut runner, &names)).to_owned(), value(&mut runner))).collect();
        let body = if runner.rng().random_bool(0.8) {
            Value::Object(members).to_string()
        } else {
            (*pick(&mut runner, &["", "[", "null", "a=%ff&groups[]=x&limit[x]=1", "\u{0}"])).to_owned()
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(pick::<&str>(&mut runner, &names), &text(&mut runner))
            .finish();
        let version = *pick(&mut runner, &["v1", "v2"]);
        let request = service.bare(method, &format!("/ocs/{version}.php{path}?{query}"));
        let request = request.basic_auth("chief", Some(password("chief"))).header("OCS-APIRequest", "true");
        let kind = *pick(&mut runner, &kinds);
        let found = answer(request.header("content-type", kind).body(body.clone())).await;
        let is_parameter = found.status == 500 && (method == "HEAD" || found.code() == 996);
        assert!(found.status < 500 || is_parameter, "{method} {path}?{query} {kind} {body} {found:?}");
        if !found.body.is_empty() && found.status != 412 {
            assert!(
                found.body.starts_with("{\"ocs\":{")
                    || found.body.starts_with("<?xml version=\"1.0\"?>\n<ocs>\n")
            );
        }
    }
    service.get("root", "/cloud/users/details").await;
}

/// Threat 18: hostile credentials are 401, whatever they hold.
#[actix_web::test]
async fn threat_18_hostile_credentials_are_401() {
    use base64::Engine as _;
    let service = Service::on(Backend::Sqlite).await;
    let encode = |text: &[u8]| base64::engine::general_purpose::STANDARD.encode(text);
    let values = [
        encode(b"a\0b:c\0d"),
        encode(b"\xff\xfe:\xff"),
        encode(b"a:b:c:d"),
        encode(format!("{}:x", "a".repeat(5000)).as_bytes()),
        encode(format!("mira:{}", "p".repeat(5000)).as_bytes()),
        "=".to_owned(),
        "%".to_owned(),
        "a.b.c".to_owned(),
        "aaaaa-bbbbb-ccccc-ddddd-eeeee".to_owned(),
        "x".repeat(30_000),
    ];
    for value in &values {
        for scheme in ["Basic", "Bearer", "basic", "Digest"] {
            let request = service.request("v2", "", "GET", "/cloud/user");
            let found = answer(request.header("authorization", format!("{scheme} {value}"))).await;
            assert_eq!(found.status, 401, "{scheme} {value:.60} {found:?}");
        }
    }
}

/// Threat 18: the size of a body is bounded, the limit is a setting, and who may not call is told that first.
#[rstest]
#[case::default(json!({}), 64 * 1024)]
#[case::set(json!({"limits": {"body": 100}}), 100)]
#[actix_web::test]
async fn threat_18_what_is_too_large_is_413(#[case] settings: Value, #[case] limit: usize) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let send = |who: &'static str, length: usize| {
        let body = format!("{{{}}}", " ".repeat(length - 2));
        let request = service.request("v2", who, "POST", "/cloud/groups");
        answer(request.header("content-type", "application/json").body(body))
    };
    assert_eq!(send("root", limit).await.code(), 996);
    let refused = send("root", limit + 1).await;
    assert_eq!(
        (refused.status, refused.code(), refused.message().as_str()),
        (413, 413, "Request Entity Too Large")
    );
    assert_eq!(send("mira", limit + 1).await.code(), 403);
    assert_eq!(send("", limit + 1).await.code(), 997);
}

/// Threat 18: deep nesting and very many members, in time and without overflow.
#[rstest]
#[case::lists("[".repeat(60_000))]
#[case::objects("{\"a\":".repeat(12_000))]
#[case::inside(format!("{{\"groupid\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000)))]
#[case::members(format!("{{{}\"z\":1}}", "\"a\":1,".repeat(9000)))]
#[actix_web::test]
async fn threat_18_deep_and_wide_bodies_are_answered(#[case] body: String) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request("v2", "root", "POST", "/cloud/groups");
    let found = answer(request.header("content-type", "application/json").body(body)).await;
    assert_eq!(found.code(), 996);
}

/// Threat 18: a form of very many pairs.
#[actix_web::test]
async fn threat_18_a_form_of_many_pairs_is_answered() {
    let service = Service::on(Backend::Sqlite).await;
    let body = format!("userid=x&password=a+long+password{}", "&groups[]=ghost".repeat(4000));
    let request = service.request("v2", "root", "POST", "/cloud/users");
    let found = answer(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await;
    assert_eq!((found.code(), found.message().as_str()), (104, "Group ghost does not exist"));
}
