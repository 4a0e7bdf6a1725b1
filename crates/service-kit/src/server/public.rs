//! The public listener: the services behind the middleware that all of them share.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, dev::Server as Running, middleware::from_fn, web};

use super::Configure;
use crate::{
    deadline::Deadline,
    edge::{Edge, Policies},
    metrics::requests::Dialects,
    not_found::not_found,
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
    let policies = Arc::new(Policies {
        security: SecurityHeaders::new(settings),
        deadline: Deadline(settings.request_timeout),
        dialects,
        secret_paths,
        shutdown: shutdown.clone(),
    });
    let shutdown = web::Data::new(shutdown);
    let app = move || {
        let edge = Edge::new(Arc::clone(&policies));
        App::new()
            .app_data(proxies.clone())
            .app_data(shutdown.clone())
            .default_service(web::to(not_found))
            .configure(|cfg| configures.iter().for_each(|configure| configure(cfg)))
            .wrap(from_fn(move |request, next| edge.clone().serve(request, next)))
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
