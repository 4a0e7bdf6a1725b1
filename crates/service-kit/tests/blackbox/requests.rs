use actix_web::{HttpResponse, http::header::CONTENT_SECURITY_POLICY, web};
use service_kit::request_id::RequestId;

use super::support::{Running, body, settings, start};

async fn id(id: RequestId) -> String {
    id.to_string()
}

async fn fail() -> HttpResponse {
    panic!("as asked")
}

async fn own_policy() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_SECURITY_POLICY, "own")).finish()
}

fn running(https: bool) -> Running {
    let mut settings = settings();
    settings.public_url = https.then(|| "https://auth.example".parse().unwrap());
    start(&settings, |server| {
        server.configure(|cfg| {
            cfg.service(web::resource("/id").route(web::get().to(id)))
                .service(web::resource("/panic").route(web::get().to(fail)))
                .service(web::resource("/own").route(web::get().to(own_policy)));
        })
    })
}

#[actix_web::test]
async fn a_request_id_is_kept_or_made_and_echoed() {
    let running = running(false);
    let client = reqwest::Client::new();
    let answer =
        client.get(running.url("/id")).header("x-request-id", "from-the-client_1.0").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "from-the-client_1.0");
    assert_eq!(answer.text().await.unwrap(), "from-the-client_1.0");

    let answer = client.get(running.url("/id")).header("x-request-id", "a b").send().await.unwrap();
    let made = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), made);
    assert_eq!(made.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn every_response_has_the_request_id_and_the_security_headers() {
    let running = running(false);
    for (path, status) in [("/id", 200), ("/nowhere", 404), ("/panic", 500), ("/own", 200)] {
        let answer = reqwest::get(running.url(path)).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let headers = answer.headers();
        assert!(headers.contains_key("x-request-id"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = if path == "/own" { "own" } else { "default-src 'none'; frame-ancestors 'none'" };
        assert_eq!(headers["content-security-policy"], policy, "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn browsers_are_told_to_stay_with_https_where_it_is_served() {
    let running = running(true);
    let answer = reqwest::get(running.url("/id")).await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn an_unknown_path_is_plain_text() {
    let running = running(false);
    let answer = reqwest::get(running.url("/nowhere")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.text().await.unwrap(), "not found\n");
    running.stop().await.unwrap();
}

/// Threat 18: a panic is the answer 500 without details; the connection and the worker go on.
#[actix_web::test]
async fn threat_18_a_panic_is_an_answer() {
    let running = running(false);
    let mut connection = running.connect().await;
    for _ in 0..20 {
        connection.send("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let answer = connection.until("internal error\n").await;
        assert!(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n"), "{answer}");
        assert_eq!(body(&answer), "internal error\n");
    }
    connection.send("GET /id HTTP/1.1\r\nHost: x\r\nX-Request-Id: after\r\nConnection: close\r\n\r\n").await;
    assert_eq!(body(&connection.rest().await), "after");
    running.stop().await.unwrap();
}
