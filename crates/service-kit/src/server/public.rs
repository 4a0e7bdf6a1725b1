//! The public listener: the services behind the middleware that all of them share.

use std::{io, net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer, dev::Server as Running, middleware::from_fn, web};

use super::Configure;
use crate::{
    deadline::{self, Deadline},
    edge::{Routes, edge},
    metrics::requests::Dialects,
    not_found::not_found,
    panics,
    security_headers::SecurityHeaders,
    settings::ServerSettings,
    shutdown::Shutdown,
    telemetry::SecretPaths,
    trusted_proxies::TrustedProxies,
};

/// Binds `server.listen`; the server runs once it is polled.
pub(super) fn bind(
    settings: &ServerSettings,
    configures: Vec<Configure>,
    dialects: Dialects,
    secret_paths: SecretPaths,
    shutdown: Shutdown,
) -> io::Result<(Running, SocketAddr)> {
    let workers = settings.worker_count();
    let proxies = web::Data::new(TrustedProxies::new(settings));
    let security = web::Data::new(SecurityHeaders::new(settings));
    let deadline = web::Data::new(Deadline(settings.request_timeout));
    let dialects = web::Data::new(dialects);
    let secret_paths = web::Data::new(secret_paths);
    let shutdown = web::Data::new(shutdown);
    let app = move || {
        App::new()
            .app_data(Routes::default())
            .app_data(proxies.clone())
            .app_data(security.clone())
            .app_data(deadline.clone())
            .app_data(dialects.clone())
            .app_data(secret_paths.clone())
            .app_data(shutdown.clone())
            .default_service(web::to(not_found))
            .configure(|cfg| configures.iter().for_each(|configure| configure(cfg)))
            // The last one runs first.
            .wrap(from_fn(panics::catch))
            .wrap(from_fn(deadline::enforce))
            .wrap(from_fn(edge))
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .worker_max_blocking_threads(settings.max_blocking_threads.div_ceil(workers))
        .max_connections(settings.max_connections.div_ceil(workers))
        .client_request_timeout(settings.header_timeout)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(settings.keep_alive)
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(whole_seconds(settings.shutdown_grace))
        .bind(settings.listen)?;
    let address = server.addrs().first().copied().unwrap_or(settings.listen);
    Ok((server.run(), address))
}

/// actix counts in seconds; rather one more than none.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
