use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::web;
use service_kit::{Server, server::ServerError, settings::ServerSettings, shutdown::Shutdown};
use tokio::sync::{Notify, Semaphore};

use super::support::{Running, body, settings, start};

/// Where requests wait for the test.
#[derive(Debug)]
struct Gate {
    /// As many as have come this far.
    begun: Semaphore,
    open: Notify,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self { begun: Semaphore::new(0), open: Notify::new() })
    }

    /// Until so many requests are being served.
    async fn serves(&self, requests: u32) {
        self.begun.acquire_many(requests).await.unwrap().forget();
    }
}

/// Two handlers: one waits for the test, one for the end of the server.
fn running(settings: &ServerSettings, gate: Arc<Gate>) -> Running {
    let gate = web::Data::from(gate);
    start(settings, |server| {
        server.configure(move |cfg| {
            cfg.app_data(gate.clone())
                .route(
                    "/gated",
                    web::get().to(|gate: web::Data<Gate>| async move {
                        gate.begun.add_permits(1);
                        gate.open.notified().await;
                        "finished"
                    }),
                )
                .route(
                    "/poll",
                    web::get().to(|gate: web::Data<Gate>, shutdown: web::Data<Shutdown>| async move {
                        gate.begun.add_permits(1);
                        shutdown.requested().await;
                        "nothing new"
                    }),
                )
                .route("/", web::get().to(async || "served"));
        })
    })
}

const KEPT: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

async fn until_draining(running: &Running) {
    loop {
        let answer = reqwest::get(running.management_url("/readyz")).await.unwrap();
        if answer.status() == 503 {
            let report: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(report["status"], "draining");
            break;
        }
    }
}

#[actix_web::test]
async fn open_requests_finish_and_idle_connections_close() {
    let gate = Gate::new();
    let running = running(&settings(), Arc::clone(&gate));
    let (mut idle, mut busy, mut poll) =
        (running.connect().await, running.connect().await, running.connect().await);
    idle.send(KEPT).await;
    idle.until("served").await;
    busy.send("GET /gated HTTP/1.1\r\nHost: x\r\n\r\n").await;
    poll.send("GET /poll HTTP/1.1\r\nHost: x\r\n\r\n").await;
    gate.serves(2).await;

    running.shutdown.request();
    until_draining(&running).await;
    assert_eq!(idle.rest().await, "");
    assert_eq!(body(&poll.rest().await), "nothing new");
    gate.open.notify_one();
    let answer = busy.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("finished"), "{answer}");
    running.ended().await.unwrap();
}

#[actix_web::test]
async fn a_request_that_does_not_finish_is_dropped_after_the_grace() {
    let settings = ServerSettings { shutdown_grace: Duration::from_secs(1), ..settings() };
    let gate = Gate::new();
    let running = running(&settings, Arc::clone(&gate));
    let mut busy = running.connect().await;
    busy.send("GET /gated HTTP/1.1\r\nHost: x\r\n\r\n").await;
    gate.serves(1).await;
    running.stop().await.unwrap();
    assert_eq!(busy.rest().await, "");
}

#[actix_web::test]
async fn it_goes_on_serving_while_it_announces_its_end() {
    let settings = ServerSettings { shutdown_delay: Duration::from_secs(3), ..settings() };
    let running = running(&settings, Gate::new());
    running.shutdown.request();
    until_draining(&running).await;
    assert_eq!(body(&running.raw("/", "").await), "served");
    running.ended().await.unwrap();
}

/// Whoever keeps a connection open would otherwise send the next request while it is being closed, and lose it.
#[actix_web::test]
async fn kept_connections_are_let_go_of_while_it_announces_its_end() {
    let settings = ServerSettings { shutdown_delay: Duration::from_secs(3), ..settings() };
    let running = running(&settings, Gate::new());
    let (mut kept, mut unknown) = (running.connect().await, running.connect().await);
    for connection in [&mut kept, &mut unknown] {
        connection.send(KEPT).await;
        let answer = connection.until("served").await;
        assert!(!answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    }
    running.shutdown.request();
    until_draining(&running).await;
    kept.send(KEPT).await;
    unknown.send("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await;
    for (connection, status) in [(kept, "HTTP/1.1 200 "), (unknown, "HTTP/1.1 404 ")] {
        let answer = connection.rest().await;
        assert!(answer.starts_with(status), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }
    // It accepts new ones all the same.
    assert_eq!(body(&running.raw("/", "").await), "served");
    running.ended().await.unwrap();
}

#[actix_web::test]
async fn tasks_end_before_the_shutdown_work_and_that_goes_in_order() {
    let done = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let done = Arc::clone(&done);
        move || done.lock().unwrap().push(name)
    };
    let (task, first, last) = (note("task"), note("first"), note("last"));
    let running = start(&settings(), |server| {
        server
            .on_shutdown(async move { first() })
            .on_shutdown(async { panic!("as asked") })
            .on_shutdown(async move { last() })
            .task("follower", |shutdown| async move {
                shutdown.requested().await;
                task();
            })
    });
    running.stop().await.unwrap();
    assert_eq!(*done.lock().unwrap(), ["task", "first", "last"]);
}

#[actix_web::test]
async fn a_taken_address_is_told_in_one_sentence() {
    let running = running(&settings(), Gate::new());
    let told = |settings: ServerSettings| match Server::new(&settings).bind() {
        Err(error @ ServerError::Bind { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("bound"),
    };
    let taken = running.listen;
    let expected = |key| format!("{key}: cannot listen on {taken}: Address already in use (os error 98)");
    assert_eq!(told(ServerSettings { listen: taken, ..settings() }), expected("server.listen"));
    assert_eq!(told(ServerSettings { management: taken, ..settings() }), expected("server.management"));
    running.stop().await.unwrap();
}
