use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::settings::ServerSettings;

use super::support::{Running, settings, start};

async fn read(body: web::Bytes) -> String {
    body.len().to_string()
}

async fn never() -> HttpResponse {
    std::future::pending().await
}

async fn fail() -> HttpResponse {
    panic!("as asked")
}

async fn read_and_hang(_: web::Bytes) -> HttpResponse {
    std::future::pending().await
}

async fn minutes_left(request: HttpRequest) -> String {
    service_kit::time_left(&request).unwrap().div_duration_f64(Duration::from_mins(1)).ceil().to_string()
}

fn running(settings: &ServerSettings) -> Running {
    start(settings, |server| {
        server.configure(|cfg| {
            cfg.service(web::resource("/read").route(web::post().to(read)))
                .service(web::resource("/panic").route(web::to(fail)))
                .service(web::resource("/left").route(web::to(minutes_left)))
                .service(web::resource("/never").route(web::to(never)))
                .service(web::resource("/hang").route(web::post().to(read_and_hang)));
        })
    })
}

fn impatient() -> ServerSettings {
    let short = Duration::from_secs(1);
    ServerSettings { request_timeout: short, header_timeout: short, ..settings() }
}

/// Threat 18: a body that never ends is given up, and its connection closed.
#[actix_web::test]
async fn threat_18_a_slow_body_does_not_hold_its_connection() {
    let running = running(&impatient());
    for path in ["/read", "/never"] {
        let mut connection = running.connect().await;
        connection.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart")).await;
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{path}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{path}: {answer}");
        assert!(answer.contains("x-request-id: "), "{path}: {answer}");
    }
    let mut connection = running.connect().await;
    connection.send("POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    running.stop().await.unwrap();
}

/// Threat 18: an answer that needs no body is not followed by waiting for the body.
#[actix_web::test]
async fn threat_18_a_body_that_nobody_reads_does_not_hold_its_connection() {
    let running = running(&settings());
    for (path, status) in [("/nowhere", "404 Not Found"), ("/panic", "500 Internal Server Error")] {
        for framing in ["Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "Content-Length: 1000\r\n\r\npart"]
        {
            let mut connection = running.connect().await;
            connection.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\n{framing}")).await;
            let answer = connection.rest().await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        }
    }
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_body_that_nobody_reads_but_is_there_leaves_the_connection_open() {
    let running = running(&settings());
    let mut connection = running.connect().await;
    for framing in
        ["Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Content-Length: 4\r\n\r\nbody"]
    {
        connection.send(format!("POST /nowhere HTTP/1.1\r\nHost: x\r\n{framing}")).await;
        connection.until("not found\n").await;
    }
    connection.send("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(connection.rest().await.starts_with("HTTP/1.1 404"));
    running.stop().await.unwrap();
}

/// Threat 18: a head that never ends is given up, too.
#[actix_web::test]
async fn threat_18_a_slow_head_does_not_hold_its_connection() {
    let running = running(&impatient());
    for part in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut connection = running.connect().await;
        connection.send(part).await;
        let answer = connection.rest().await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{part}: {answer}"
        );
    }
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_handler_that_takes_too_long_is_dropped_and_its_connection_goes_on() {
    let running = running(&impatient());
    let mut connection = running.connect().await;
    for request in [
        "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /hang HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
    ] {
        connection.send(request).await;
        let answer = connection.until("service unavailable\n").await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    }
    connection
        .send("POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
        .await;
    assert!(connection.rest().await.ends_with("\r\n\r\n4"));
    running.stop().await.unwrap();
}

/// A handler that waits on purpose learns for how long it may.
#[actix_web::test]
async fn a_handler_knows_the_time_that_is_left() {
    let running = running(&ServerSettings { request_timeout: Duration::from_mins(50), ..settings() });
    let answer = running.raw("/left", "").await;
    assert!(answer.ends_with("\r\n\r\n50"), "{answer}");
    running.stop().await.unwrap();
}

/// Threat 18: the head of a request is bounded, in size and in number of headers.
#[actix_web::test]
async fn threat_18_the_head_is_bounded() {
    let running = running(&settings());
    let many = "X-Many: 1\r\n".repeat(200);
    let long = format!("X-Long: {}\r\n", "x".repeat(200_000));
    for headers in [many, long] {
        let answer = running.raw("/", &headers).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(running.raw("/", "").await.starts_with("HTTP/1.1 404"));
    running.stop().await.unwrap();
}
