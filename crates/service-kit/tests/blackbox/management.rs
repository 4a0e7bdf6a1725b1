use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::support::{Running, settings, start};

async fn fail() -> HttpResponse {
    panic!("as asked")
}

async fn readiness(running: &Running) -> (u16, Value) {
    let answer = reqwest::get(running.management_url("/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[actix_web::test]
async fn readiness_lists_its_checks() {
    let works = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&works);
    let running = start(&settings(), |server| {
        server.ready("jwks", async || Ok::<_, String>(())).ready("database", move || {
            let works = state.load(Ordering::Relaxed);
            async move { if works { Ok(()) } else { Err("no connection") } }
        })
    });
    let fine =
        json!({ "status": "ready", "checks": { "database": { "state": "ok" }, "jwks": { "state": "ok" } } });
    assert_eq!(readiness(&running).await, (200, fine));

    works.store(false, Ordering::Relaxed);
    let failing = json!({
        "status": "failing",
        "checks": { "database": { "state": "failed", "reason": "no connection" }, "jwks": { "state": "ok" } },
    });
    assert_eq!(readiness(&running).await, (503, failing));
    let live = reqwest::get(running.management_url("/livez")).await.unwrap();
    assert_eq!((live.status().as_u16(), live.text().await.unwrap().as_str()), (200, r#"{"status":"live"}"#));
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_check_that_hangs_has_failed() {
    let running =
        start(&settings(), |server| server.ready("feed", std::future::pending::<Result<(), String>>));
    let (status, report) = readiness(&running).await;
    assert_eq!((status, &report["checks"]["feed"]["reason"]), (503, &json!("no answer within 2s")));
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_task_that_ends_is_a_failed_check() {
    let running = start(&settings(), |server| {
        server
            .task("follows", |shutdown| async move { shutdown.requested().await })
            .task("panics", |_| async { panic!("as asked") })
            .task("ends", |_| async {})
    });
    tokio::task::yield_now().await;
    let (status, report) = readiness(&running).await;
    assert_eq!(status, 503);
    let expected = json!({
        "follows": { "state": "ok" },
        "panics": { "state": "failed", "reason": "it panicked" },
        "ends": { "state": "failed", "reason": "it has ended" },
    });
    assert_eq!(report["checks"], expected);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn the_listeners_do_not_serve_each_others_pages() {
    let running = start(&settings(), |server| {
        server.configure(|cfg| _ = cfg.route("/public", web::get().to(HttpResponse::Ok)))
    });
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(reqwest::get(running.url(path)).await.unwrap().status(), 404, "{path}");
        assert_eq!(reqwest::get(running.management_url(path)).await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(reqwest::get(running.management_url("/public")).await.unwrap().status(), 404);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn requests_are_measured_by_route_and_unknown_ones_share_a_label() {
    let running = start(&settings(), |server| {
        server.dialects(&[("/measured", "greek")]).observe(|| metrics::gauge!("observed").set(7.0)).configure(
            |cfg| {
                cfg.service(web::resource("/measured/{id}").route(web::to(HttpResponse::NoContent)))
                    .service(web::resource("/broken/{id}").route(web::to(fail)));
            },
        )
    });
    let client = reqwest::Client::new();
    for id in 0..3 {
        client.get(running.url(&format!("/measured/{id}?secret={id}"))).send().await.unwrap();
        client.get(running.url(&format!("/nowhere/{id}"))).send().await.unwrap();
        client.get(running.url(&format!("/broken/{id}"))).send().await.unwrap();
        let made_up = reqwest::Method::from_bytes(format!("MADE{id}").as_bytes()).unwrap();
        client.request(made_up, running.url("/measured/1")).send().await.unwrap();
    }
    let answer = reqwest::get(running.management_url("/metrics")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let page = answer.text().await.unwrap();
    let count = |labels: &str| {
        let line = format!("tessera_http_request_duration_seconds_count{{{labels}}} ");
        let count = page.lines().find_map(|candidate| candidate.strip_prefix(&line));
        count.unwrap_or_else(|| panic!("{line} in {page}")).parse::<u64>().unwrap()
    };
    assert_eq!(count(r#"dialect="greek",method="GET",route="/measured/{id}",status="204""#), 3);
    assert_eq!(count(r#"dialect="greek",method="_OTHER",route="/measured/{id}",status="204""#), 3);
    assert_eq!(count(r#"dialect="none",method="GET",route="/broken/{id}",status="500""#), 3);
    assert!(count(r#"dialect="none",method="GET",route="unmatched",status="404""#) >= 3);
    assert!(page.contains(r#"tessera_http_request_duration_seconds_bucket{dialect="greek",method="GET",route="/measured/{id}",status="204",le="0.005"}"#));
    assert!(
        !page.contains("secret") && !page.contains("/measured/1") && !page.contains("/nowhere"),
        "{page}"
    );
    assert!(page.contains("\nprocess_resident_memory_bytes "), "{page}");
    assert!(page.contains("\nobserved 7\n"), "{page}");
    assert!(
        page.contains("\ntessera_panics_total ") && page.contains("\ntessera_build_info{version="),
        "{page}"
    );
    assert!(page.contains("\ntessera_http_requests_in_flight "), "{page}");
    running.stop().await.unwrap();
}
