//! §2.7: requests from pages of other sites.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, Backend, MEET, Spawned, send};
use crate::meet::{EMAIL, SLASHLESS, body};

const NAMES: [&str; 5] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
];
const PAGE: &str = "https://app.example";

fn cors(answer: &Answer) -> [&str; 5] {
    NAMES.map(|name| answer.header(name))
}

async fn preflight(app: &Spawned, path: &str, origin: &str) -> Answer {
    let request = app.request(Method::OPTIONS, path).header("accept", "text/html").header("origin", origin);
    send(request.header("access-control-request-method", "POST")).await
}

/// Before format, `Accept` and body; and it promises nothing by default.
#[rstest]
#[case::slash(MEET)]
#[case::slashless(SLASHLESS)]
#[case::another_format(&format!("{MEET}?format=xml"))]
#[actix_web::test]
async fn a_preflight_is_answered_before_everything(#[case] path: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let answer = preflight(&app, path, PAGE).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.header("content-length")), (200, "", "0"));
    assert_eq!(answer.header("vary"), "origin, Accept-Language, Cookie");
    assert_eq!(cors(&answer), [""; 5]);
}

#[rstest]
#[case::named(json!({"allowed_origins": [PAGE]}), PAGE, true)]
#[case::another(json!({"allowed_origins": [PAGE]}), "https://app.example:8443", false)]
#[case::pattern(json!({"allowed_origin_regexes": ["https://[a-z]+\\.example"]}), PAGE, true)]
#[case::all(json!({"allow_all_origins": true}), "https://anything.example", true)]
#[actix_web::test]
async fn an_allowed_origin_may_call(
    #[case] settings: serde_json::Value,
    #[case] origin: &str,
    #[case] allowed: bool,
) {
    let settings = serde_json::from_value(settings).expect("settings");
    let app = Spawned::with(Backend::Sqlite, |auth| auth.meet.cors = settings).await;
    let client = app.application("meet").await;
    app.account("nadia").await;
    let promised = [
        origin,
        "true",
        "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "86400",
    ];
    let asked = preflight(&app, MEET, origin).await;
    assert_eq!((asked.status, cors(&asked)), (200, if allowed { promised } else { [""; 5] }));
    for (scope, status) in [(EMAIL, 200), ("no e-mail", 400)] {
        let request = app.request(Method::POST, MEET).header("origin", origin);
        let answer = send(request.json(&body(&client, &json!({ "scope": scope })))).await;
        let seen = if allowed { [origin, "true", "", "", ""] } else { [""; 5] };
        assert_eq!((answer.status, cors(&answer)), (status, seen), "{answer:?}");
    }
}
