//! The management listener: health and metrics, one worker, nothing of the services.

use std::{io, net::SocketAddr, time::Duration};

use super::Observers;
use crate::{health, health::Readiness, metrics, not_found::not_found};
use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server as Running,
    web::{self, ServiceConfig},
};

/// Prometheus, an orchestrator and a person at once, and some to spare.
const MOST_CONNECTIONS: usize = 64;

/// Binds `server.management`; the server runs once it is polled.
pub(super) fn bind(
    address: SocketAddr,
    readiness: Readiness,
    observers: Observers,
) -> io::Result<(Running, SocketAddr)> {
    let (readiness, observers) = (web::Data::new(readiness), web::Data::new(observers));
    let app = move || {
        let readiness = readiness.clone();
        App::new()
            .app_data(observers.clone())
            .default_service(web::to(not_found))
            .configure(move |cfg| configure(cfg, readiness))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .worker_max_blocking_threads(2)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(Duration::from_secs(5))
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), address))
}

fn configure(cfg: &mut ServiceConfig, readiness: web::Data<Readiness>) {
    health::configure(cfg, readiness);
    cfg.service(web::resource("/metrics").route(web::get().to(page)));
}

async fn page(observers: web::Data<Observers>) -> HttpResponse {
    observers.iter().for_each(|observe| observe());
    // Prometheus, "Exposition formats": the version of the text format.
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics::render())
}
