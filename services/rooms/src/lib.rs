//! Rooms of the Meet dialect: `/external-api/v1.0/rooms`. The contract is `contracts/meet.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`api`] | one module per resource: extract, authorise, decide, render; the dialect's errors |
//! | [`domain`] | rooms, roles, configurations, pages: plain types and rules |
//! | [`store`] | queries, returning domain types |
//!
//! Tokens are issued elsewhere: this service knows people by their verified claims only. Its database holds rooms and
//! who has which role in them, an account's id or an e-mail that waits for its account.
//!
//! [`process`] runs it alone; crate `tessera` runs it beside the other services.
//!
//! To add an endpoint: a handler in `api/<resource>.rs`, a line in [`api::routes`], a test in `tests/`.

pub mod api;
pub mod app;
pub mod audit;
pub mod domain;
mod leavers;
pub mod process;
pub mod settings;
pub mod store;

use std::sync::Arc;

use ::store::{Db, StoreError};
use actix_web::web::{Data, ServiceConfig};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::leavers::Leavers;
use service_kit::origin::PublicOrigin;

pub use self::settings::RoomsSettings;
use crate::api::routes::{self, State};
use crate::app::App;
use crate::domain::random::SystemRandomness;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[("/external-api/v1.0", "meet")];

/// The service, started. Cheap to clone; with the last clone, and the last server it is mounted on, it stops to see to
/// deleted accounts.
#[derive(Clone)]
pub struct Rooms {
    state: State,
    leavers: Arc<Leavers>,
}

impl Rooms {
    /// Brings the database up to date and makes the service ready to be mounted. Device sessions get in where the
    /// authenticator has an exchange.
    ///
    /// # Errors
    /// The database cannot be migrated.
    pub async fn start(
        settings: RoomsSettings,
        db: Db,
        authenticator: Authenticator,
        origin: PublicOrigin,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        db.migrate(&store::MIGRATIONS).await?;
        let leavers = Arc::new(leavers::watch(&authenticator, db.clone(), clock.clone()));
        let app = App::new(db, settings, origin, clock, Arc::new(SystemRandomness));
        let state = State { app: Data::new(app), authenticator: Data::new(authenticator) };
        Ok(Self { state, leavers })
    }

    /// Mounts every resource of this service, and behind them the page for paths that lead nowhere. Whoever shares the
    /// prefix `/external-api/v1.0` has to be mounted before.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let (state, leavers) = (self.state.clone(), Arc::clone(&self.leavers));
        move |cfg| {
            let _kept_as_long_as_this_is_mounted = &leavers;
            routes::configure(cfg, &state);
        }
    }
}

/// The description of this API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::document()
}
