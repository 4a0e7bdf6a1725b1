//! Agents, organisations and absences of the RDV-Solidarités agent API: `/api/v1/agents`, `/organisations`, `/absences`.
//! The contract is `contracts/rdv-sign-in.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`api`] | one module per resource: extract, authorise, decide, render |
//! | [`domain`] | what a request may say, how things are shown, what is recorded of a call: plain types and rules |
//!
//! Agents, organisations and absences are the directory's (crate `identity`), and so is who sees whom: this service has
//! its database, but neither its master key nor anybody's password. Sessions are the auth server's: a request's three
//! headers are exchanged there for a token.
//!
//! [`process`] runs it alone; crate `tessera` runs it beside the other services.
//!
//! To add an endpoint: its name in [`api::viewer`], a handler in `api/<resource>.rs`, a line in [`api::routes`], a test in
//! `tests/`.

pub mod api;
pub mod app;
pub mod domain;
pub mod process;
pub mod settings;

use actix_web::web::{Data, ServiceConfig};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use identity::audit::AuditTrail;
use store::Db;

pub use self::settings::AgendaSettings;
use crate::api::routes::{self, State};
use crate::app::App;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[("/api/v1", "rdv")];

/// The service, started. Cheap to clone.
#[derive(Clone)]
pub struct Agenda {
    state: State,
}

impl Agenda {
    /// Makes the service ready to be mounted. `db` is the directory's, and up to date.
    #[must_use]
    pub fn start(
        settings: AgendaSettings,
        db: Db,
        audit: AuditTrail,
        authenticator: Authenticator,
        clock: Clock,
    ) -> Self {
        metrics::counter!("tessera_agent_signatures_refused_total").increment(0);
        let app = App { db, audit, settings, clock };
        Self { state: State { app: Data::new(app), authenticator: Data::new(authenticator) } }
    }

    /// Mounts every resource of this service, and behind them the answer for paths that lead nowhere. Whoever shares the
    /// prefix `/api/v1` has to be mounted before.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let state = self.state.clone();
        move |cfg| routes::configure(cfg, &state)
    }
}

/// The description of this API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::document()
}
