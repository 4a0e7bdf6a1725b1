//! `/livez`: the process serves. `/readyz`: it should be sent requests.

use std::{collections::BTreeMap, fmt::Display, sync::Arc, time::Duration};

use actix_web::{HttpResponse, web};
use futures_util::future::{FutureExt, LocalBoxFuture, join_all};
use serde::Serialize;

use crate::shutdown::Shutdown;

/// How long one check may take; a slower one has failed.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> LocalBoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The named checks of a process, asked each time anew: they are cheap, and an old answer is a wrong one.
#[derive(Clone, Default)]
pub(crate) struct Readiness {
    checks: Vec<(String, Check)>,
    draining: Shutdown,
}

impl Readiness {
    pub(crate) fn new(draining: Shutdown) -> Self {
        Self { checks: Vec::new(), draining }
    }

    pub(crate) fn add<F, E>(&mut self, name: String, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), E>> + 'static,
        E: Display,
    {
        let check: Check = Arc::new(move || {
            let outcome = check();
            async move { outcome.await.map_err(|error| error.to_string()) }.boxed_local()
        });
        self.checks.push((name, check));
    }

    async fn report(&self) -> Report {
        let asked = self.checks.iter().map(async |(name, check)| (name.clone(), state(check()).await));
        let checks: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
        for (name, state) in &checks {
            let value = if matches!(state, State::Ok) { 1.0 } else { 0.0 };
            metrics::gauge!("tessera_ready_check", "check" => name.clone()).set(value);
        }
        let status = if self.draining.is_requested() {
            Status::Draining
        } else if checks.values().all(|state| matches!(state, State::Ok)) {
            Status::Ready
        } else {
            Status::Failing
        };
        Report { status, checks }
    }
}

async fn state(check: LocalBoxFuture<'static, Result<(), String>>) -> State {
    match tokio::time::timeout(CHECK_LIMIT, check).await {
        Ok(Ok(())) => State::Ok,
        Ok(Err(reason)) => State::Failed { reason },
        Err(_) => State::Failed { reason: format!("no answer within {CHECK_LIMIT:?}") },
    }
}

#[derive(Serialize)]
struct Report {
    status: Status,
    checks: BTreeMap<String, State>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ready,
    Failing,
    /// The process was told to stop, and finishes what it has.
    Draining,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
    Ok,
    Failed { reason: String },
}

/// Mounts `/livez` and `/readyz`.
pub(crate) fn configure(cfg: &mut web::ServiceConfig, readiness: web::Data<Readiness>) {
    cfg.app_data(readiness)
        .service(web::resource("/livez").route(web::get().to(live)).route(web::head().to(live)))
        .service(web::resource("/readyz").route(web::get().to(ready)).route(web::head().to(ready)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    let report = readiness.report().await;
    let mut response = match report.status {
        Status::Ready => HttpResponse::Ok(),
        Status::Failing | Status::Draining => HttpResponse::ServiceUnavailable(),
    };
    response.json(report)
}
