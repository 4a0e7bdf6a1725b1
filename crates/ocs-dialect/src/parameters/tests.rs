use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest, web};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Parameters, integer, leading};
use crate::error::OcsError;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn show(request: HttpRequest, payload: web::Payload) -> String {
    match Parameters::read(&request, payload, 1000).await {
        Ok(Parameters(read)) => serde_json::to_string(&read).unwrap(),
        Err(error) => error.to_string(),
    }
}

async fn sent(method: &str, uri: &str, content_type: &str, body: &str) -> Value {
    let app = App::new().route("/u/{userId}", web::to(show));
    let request = TestRequest::with_uri(uri)
        .method(method.parse().unwrap())
        .insert_header(("content-type", content_type))
        .set_payload(body.to_owned());
    let answer = call_service(&init_service(app).await, request.to_request()).await;
    let body = read_body(answer).await;
    serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)))
}

/// §2.2, the order of places, by method.
#[rstest]
#[case::query("PUT", "", "", json!({"userId": "path", "a": "query"}))]
#[case::form_of_a_post("POST", FORM, "a=form&userId=form", json!({"userId": "path", "a": "form"}))]
#[case::form_of_a_put("PUT", FORM, "a=form&userId=form", json!({"userId": "form", "a": "form"}))]
#[case::form_of_a_delete("DELETE", FORM, "a=form&userId=form", json!({"userId": "form", "a": "form"}))]
#[case::form_of_a_get("GET", FORM, "a=form&userId=form", json!({"userId": "path", "a": "query"}))]
#[case::json_of_a_get("GET", JSON, r#"{"a":"json","userId":"json"}"#, json!({"userId": "json", "a": "json"}))]
#[case::json_of_a_post("POST", JSON, r#"{"a":"json","userId":"json"}"#, json!({"userId": "json", "a": "json"}))]
#[case::json_of_a_delete("DELETE", JSON, r#"{"a":"json"}"#, json!({"userId": "path", "a": "json"}))]
#[case::json_by_another_name("POST", "application/vnd.x+json; charset=utf-8", r#"{"a":1}"#, json!({"userId": "path", "a": 1}))]
#[case::null("POST", JSON, r#"{"a":null,"b":null}"#, json!({"userId": "path", "a": "query"}))]
#[case::malformed("POST", JSON, "{", json!({"userId": "path", "a": "query"}))]
#[case::no_object("POST", JSON, "[1]", json!({"userId": "path", "a": "query"}))]
#[case::other_type("POST", "text/plain", "a=form", json!({"userId": "path", "a": "query"}))]
#[actix_web::test]
async fn places_have_an_order(
    #[case] method: &str,
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] expected: Value,
) {
    let found = sent(method, "/u/path?a=query&userId=query", content_type, body).await;
    assert_eq!(found, expected);
}

#[actix_web::test]
async fn brackets_make_lists() {
    let body = "groups[]=a&groups%5B%5D=b&c[0]=x&c[k]=y&d=1&d=2&e=1&e[]=2&f[]=1&f=2&[]=z&g[=1&H[]=h";
    let found = sent("POST", "/u/x", FORM, body).await;
    let expected = json!({
        "userId": "x", "groups": ["a", "b"], "c": ["x", "y"], "d": "2", "e": ["2"], "f": "2", "[]": "z", "g[": "1",
        "H": ["h"],
    });
    assert_eq!(found, expected);
}

#[actix_web::test]
async fn two_brackets_make_a_map_of_lists() {
    let body = "s[x y][]=a&s[x+y][]=b&s[9][0]=c&t[][]=d&u[k]=1&u[k][]=2&v[k][]=3&v=4&w[k][=5&[k][]=6";
    let found = sent("POST", "/u/x", FORM, body).await;
    let expected = json!({
        "userId": "x", "s": {"x y": ["a", "b"], "9": ["c"]}, "t": ["d"], "u": {"k": ["2"]}, "v": "4", "w": ["5"],
        "[k][]": "6",
    });
    assert_eq!(found, expected);
}

#[actix_web::test]
async fn a_body_is_bounded() {
    let found = sent("POST", "/u/x", JSON, &" ".repeat(1001)).await;
    assert_eq!(found, json!("the body is too large"));
    assert_eq!(sent("POST", "/u/x", JSON, &" ".repeat(1000)).await, json!({"userId": "x"}));
    assert_eq!(sent("POST", "/u/x", JSON, &"[".repeat(1000)).await, json!({"userId": "x"}));
}

fn of(value: &Value) -> Parameters {
    Parameters::default().with([("a".to_owned(), value.clone())])
}

#[rstest]
#[case(json!("x"), Some("x"))]
#[case(json!(""), Some(""))]
#[case(json!(12.5), Some("12.5"))]
#[case(json!(true), Some("1"))]
#[case(json!(false), Some(""))]
#[case(json!(null), None)]
fn a_text(#[case] value: Value, #[case] expected: Option<&str>) {
    assert_eq!(of(&value).text("a").unwrap().as_deref(), expected);
    assert_eq!(of(&value).required("a").ok().as_deref(), expected);
    assert_eq!(of(&value).text_or_empty("a").unwrap(), expected.unwrap_or_default());
}

/// §2.2: arrays where a string is required.
#[rstest]
#[case(json!(["x"]))]
#[case(json!([]))]
#[case(json!({"x": "y"}))]
fn no_text(#[case] value: Value) {
    let found = of(&value);
    assert!(matches!(found.text("a"), Err(OcsError::BadParameter(name)) if name == "a"));
    assert!(found.required("a").is_err() && found.text_or_empty("a").is_err());
}

#[rstest]
#[case(json!("10"), 10)]
#[case(json!(" -7x"), -7)]
#[case(json!("+7"), 7)]
#[case(json!("x7"), 0)]
#[case(json!(""), 0)]
#[case(json!("-"), 0)]
#[case(json!("99999999999999999999"), i64::MAX)]
#[case(json!("-99999999999999999999"), i64::MIN)]
#[case(json!(25), 25)]
#[case(json!(2.9), 2)]
#[case(json!(1e300), i64::MAX)]
#[case(json!(true), 1)]
#[case(json!([5]), 0)]
fn an_integer_is_read_leniently(#[case] value: Value, #[case] expected: i64) {
    assert_eq!(integer(&value), expected);
    assert_eq!(of(&value).integer("a"), Some(expected));
    assert_eq!(of(&value).integer("b"), None);
}

#[rstest]
#[case(json!(["a", 1]), Some(vec!["a", "1"]))]
#[case(json!([]), Some(vec![]))]
#[case(json!({"x": "a"}), Some(vec!["a"]))]
#[case(json!(null), Some(vec![]))]
#[case(json!("a"), None)]
#[case(json!([["a"]]), None)]
#[case(json!([null]), None)]
fn a_list(#[case] value: Value, #[case] expected: Option<Vec<&str>>) {
    assert_eq!(
        of(&value).list("a").ok(),
        expected.map(|items| items.into_iter().map(str::to_owned).collect())
    );
}

proptest! {
    #[test]
    fn every_number_is_read(number in any::<i64>(), rest in "[^0-9]{0,5}") {
        prop_assert_eq!(leading(&format!("{number}{rest}")), number);
    }

    #[test]
    fn nothing_breaks_the_reading(text in "(?s).{0,200}") {
        let read = super::pairs::read(text.as_bytes());
        prop_assert!(read.values().all(|value| value.is_string() || value.is_array()));
        leading(&text);
    }
}

#[rstest]
#[case(json!({"b": ["x", 1], "a": []}), Some(vec![("a", vec![]), ("b", vec!["x", "1"])]))]
#[case(json!({"a": {"k": "x"}}), Some(vec![("a", vec!["x"])]))]
#[case(json!([["x"], ["y"]]), Some(vec![("0", vec!["x"]), ("1", vec!["y"])]))]
#[case(json!({}), Some(vec![]))]
#[case(json!([]), Some(vec![]))]
#[case(json!({"a": "x"}), None)]
#[case(json!({"a": [["x"]]}), None)]
#[case(json!("x"), None)]
#[case(json!(null), None)]
fn lists_by_key(#[case] value: Value, #[case] expected: Option<Vec<(&str, Vec<&str>)>>) {
    let owned = |(key, texts): (&str, Vec<&str>)| {
        (key.to_owned(), texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let expected = expected.map(|lists| lists.into_iter().map(owned).collect::<Vec<_>>());
    assert_eq!(of(&value).lists("a").ok(), expected);
}
