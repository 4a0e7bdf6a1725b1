//! §2.7: requests from pages of other sites, and tokens in the wrong place.

use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, ROOMS, Service};

async fn preflight(service: &Service, path: &str, origin: &str) -> Answer {
    let request = service.request("OPTIONS", path).header("origin", origin);
    let request = request.header("access-control-request-method", "GET").header("accept", "text/html");
    Answer::read(request.send().await.unwrap()).await
}

const CORS: [&str; 5] = ["origin", "credentials", "headers", "methods", "max-age"];

fn cors(answer: &Answer) -> [&str; 5] {
    CORS.map(|name| {
        let place = if name == "max-age" { "" } else { "allow-" };
        answer.header(&format!("access-control-{place}{name}"))
    })
}

/// §2.7: a preflight gets 200 and no body, before routing and authentication; off by default.
#[rstest]
#[case::collection(ROOMS)]
#[case::item("/external-api/v1.0/rooms/x/")]
#[case::nowhere("/external-api/v1.0/nowhere")]
#[actix_web::test]
async fn a_preflight_is_answered_first_and_promises_nothing_by_default(#[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = preflight(&service, path, "https://app.example").await;
    answer.expect_body(200, "");
    assert_eq!(answer.header("content-length"), "0");
    assert_eq!(cors(&answer), [""; 5]);
}

/// §2.7: allowed origins, by name, by pattern, or all.
#[rstest]
#[case::named(json!({"allowed_origins": ["https://app.example"]}), "https://app.example", true)]
#[case::another(json!({"allowed_origins": ["https://app.example"]}), "https://app.example:8443", false)]
#[case::pattern(json!({"allowed_origin_regexes": ["https://[a-z]+\\.example"]}), "https://app.example", true)]
#[case::longer(json!({"allowed_origin_regexes": ["https://[a-z]+\\.example"]}), "https://app.example.evil", false)]
#[case::all(json!({"allow_all_origins": true}), "https://anything.example", true)]
#[case::null(json!({"allowed_origins": ["https://app.example"]}), "null", false)]
#[actix_web::test]
async fn an_allowed_origin_may_call(
    #[case] settings: serde_json::Value,
    #[case] origin: &str,
    #[case] allowed: bool,
) {
    let service = Service::with(Backend::Sqlite, json!({"cors": settings})).await;
    let answer = preflight(&service, ROOMS, origin).await.expect(200);
    let promised = [
        origin,
        "true",
        "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "86400",
    ];
    assert_eq!(cors(&answer), if allowed { promised } else { [""; 5] });
    for token in [service.token("ada"), "x".to_owned()] {
        let request = service.request_with(&token, "GET", ROOMS).header("origin", origin);
        let answer = Answer::read(request.send().await.unwrap()).await;
        let seen = if allowed { [origin, "true", "", "", ""] } else { [""; 5] };
        assert_eq!(cors(&answer), seen, "{answer:?}");
    }
}

/// `contracts/rdv-sign-in.md` §14: pages whose library sends the headers of a sign-in back may call, too.
#[rstest]
#[case::the_three("access-token,client,uid")]
#[case::all_five("access-token, client, content-type, expiry, token-type, uid")]
#[case::one("Uid")]
#[actix_web::test]
async fn a_page_may_present_a_device_session(#[case] asked: &str) {
    let service = Service::with(Backend::Sqlite, json!({"cors": {"allow_all_origins": true}})).await;
    let request = service.request("OPTIONS", ROOMS).header("origin", "https://app.example");
    let request = request.header("access-control-request-method", "POST");
    let answer = request.header("access-control-request-headers", asked).send().await.unwrap();
    let answer = Answer::read(answer).await.expect(200);
    let allowed: Vec<_> = answer.header("access-control-allow-headers").split(", ").collect();
    assert_eq!(
        allowed,
        [
            "accept",
            "access-token",
            "authorization",
            "client",
            "content-type",
            "expiry",
            "token-type",
            "uid",
            "user-agent",
            "x-csrftoken",
            "x-requested-with"
        ]
    );
}

/// §2.7: nothing but the Authorization header carries a token.
#[actix_web::test]
async fn no_token_is_read_from_query_body_or_cookie() {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("ada");
    let request = service.request("POST", &format!("{ROOMS}?access_token={token}"));
    let request = request.header("cookie", format!("sessionid={token}; access_token={token}"));
    let answer = request.json(&json!({"access_token": token})).send().await.unwrap();
    Answer::read(answer).await.expect_detail(401, "Authentication credentials were not provided.");
}
