//! Applications of organisations: `/api/applications`. The contract is `contracts/auvious-applications.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`api`] | one module per kind of request: extract, decide, render; the dialect's errors |
//! | [`domain`] | applications, who sees and changes what of them, pages: plain types and rules |
//! | [`store`] | queries, returning domain types |
//!
//! Tokens are issued elsewhere: this service knows callers by their verified claims only. Whoever issues them is told
//! of every change that authentication depends on before it is made.
//!
//! To add an operation: its rule in [`domain::access`], a handler in `api`, a line in [`api::routes`], a test in
//! `tests/`.

pub mod api;
pub mod app;
pub mod audit;
pub mod bootstrap;
mod change;
pub mod domain;
pub mod process;
pub mod repair;
pub mod settings;
pub mod store;

use std::sync::Arc;

use ::store::{Db, StoreError};
use actix_web::web::{Data, ServiceConfig};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_client::applications::ApplicationRegistry;

pub use self::settings::ApplicationsSettings;
use crate::api::routes::{self, State};
use crate::app::App;
use crate::repair::Repair;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[("/api/applications", "auvious")];

/// The service, started. Cheap to clone; with the last clone, and the last server it is mounted on, its repairs end.
#[derive(Clone)]
pub struct Applications {
    state: State,
    repair: Arc<Repair>,
}

impl Applications {
    /// Brings the database up to date, makes the service ready to be mounted, and begins to put right what a crash has
    /// left. Device sessions get in where the authenticator has an exchange.
    ///
    /// # Errors
    /// The database cannot be migrated.
    pub async fn start(
        settings: ApplicationsSettings,
        db: Db,
        authenticator: Authenticator,
        registry: Arc<dyn ApplicationRegistry>,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        db.migrate(&store::MIGRATIONS).await?;
        let app = Arc::new(App::new(db, settings, registry, clock));
        let repair = Arc::new(Repair::spawn(Arc::clone(&app)));
        let state = State { app: Data::from(app), authenticator: Data::new(authenticator) };
        Ok(Self { state, repair })
    }

    /// What handlers share; the operator's commands use it, too.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        self.state.app.clone().into_inner()
    }

    /// Mounts every resource of this service, and behind them the page for paths that lead nowhere.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let (state, repair) = (self.state.clone(), Arc::clone(&self.repair));
        move |cfg| {
            let _kept_as_long_as_this_is_mounted = &repair;
            routes::configure(cfg, &state);
        }
    }
}

/// The description of this API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::document()
}
