//! Traces as a collector receives them. Alone in its process: a subscriber is for all of it.
#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::{net::Ipv4Addr, sync::mpsc, time::Duration};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use service_kit::{
    Server,
    settings::{LogSettings, ServerSettings},
    telemetry,
};

struct Export {
    content_type: String,
    body: web::Bytes,
}

impl Export {
    /// Protocol Buffers hold strings and ids as they are.
    fn contains(&self, part: &[u8]) -> bool {
        self.body.windows(part.len()).any(|window| window == part)
    }
}

/// A collector that passes on what it is sent.
fn collector() -> (String, mpsc::Receiver<Export>) {
    let (sender, received) = mpsc::channel();
    let receive = move |request: HttpRequest, body: web::Bytes| {
        let content_type = request.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        sender.send(Export { content_type, body }).unwrap();
        std::future::ready(HttpResponse::Ok().content_type("application/x-protobuf").finish())
    };
    let app = move || App::new().route("/v1/traces", web::post().to(receive.clone()));
    let server = HttpServer::new(app).workers(1).disable_signals().bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (url, received)
}

#[tracing::instrument(name = "greeting.write", skip_all)]
async fn greet() -> &'static str {
    "hello"
}

async fn fail() -> HttpResponse {
    HttpResponse::InternalServerError().finish()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACE_BYTES: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
const PARENT_BYTES: [u8; 8] = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];

#[actix_web::test]
async fn requests_arrive_at_the_collector_within_their_callers_trace() {
    let (collector, received) = collector();
    let env = [("OTEL_EXPORTER_OTLP_ENDPOINT".into(), collector.into())];
    let guard = telemetry::init_from(&LogSettings::default(), "greetings-service", env).unwrap();

    let free = (Ipv4Addr::LOCALHOST, 0).into();
    let settings =
        ServerSettings { listen: free, management: free, workers: Some(1), ..ServerSettings::default() };
    let server = Server::new(&settings).configure(|cfg| {
        cfg.route("/failing", web::get().to(fail))
            .service(web::resource("/greetings/{name}").route(web::get().to(greet)));
    });
    let shutdown = server.shutdown();
    let bound = server.bind().unwrap();
    let url = format!("http://{}/greetings/ada?token=hunter2", bound.listen());
    let failing = format!("http://{}/failing", bound.listen());
    let running = actix_web::rt::spawn(bound.run());
    let request = reqwest::Client::new().get(url).header("x-request-id", "request-one");
    let answer =
        request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    reqwest::get(failing).await.unwrap();
    shutdown.request();
    running.await.unwrap().unwrap();

    // The collector runs on this thread's runtime: leave it to it while the last spans are sent.
    tokio::task::spawn_blocking(move || drop(guard)).await.unwrap();
    let export = received.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(export.content_type, "application/x-protobuf");
    for part in [
        &b"greetings-service"[..],
        b"GET /greetings/{name}",
        b"greeting.write",
        b"/greetings/ada",
        b"request-one",
        b"http.response.status_code",
        b"error.type",
        &TRACE_BYTES,
        &PARENT_BYTES,
    ] {
        assert!(export.contains(part), "{}", String::from_utf8_lossy(part));
    }
    for part in [&b"hunter2"[..], b"hyper", b"reqwest", b"/v1/traces"] {
        assert!(!export.contains(part), "{}", String::from_utf8_lossy(part));
    }
    assert!(received.try_recv().is_err(), "sending spans made spans");
}
